import { setTimeout as pause } from 'node:timers/promises'
import { drawTable, wrapText } from './drawing.ts'
import { type Paint, paintFor } from './paint.ts'

const textWidth = 76
const indent = '  '
/** Long enough for the eye to follow, short enough for the whole story to take a few seconds. */
const paragraphPauseMs = 50
const chapterPauseMs = 200

/** Whoever listens has had enough. */
export class Interruption extends Error {
  override readonly name = 'Interruption'
}

/** Tells the story on a stream: paragraphs, one idea each, and what was seen, indented. */
export class Narrator {
  readonly paint: Paint
  readonly #stream: NodeJS.WritableStream & { readonly isTTY?: boolean }
  readonly #signal: AbortSignal

  /** @param signal ends the story: whatever is told next throws its reason */
  constructor(stream: NodeJS.WritableStream & { readonly isTTY?: boolean }, signal: AbortSignal) {
    this.#stream = stream
    this.#signal = signal
    this.paint = paintFor(stream)
  }

  title(text: string): void {
    this.#print([this.paint('title', text), this.paint('quiet', '='.repeat(text.length)), ''])
  }

  async chapter(text: string): Promise<void> {
    await this.#breathe(chapterPauseMs)
    this.#print(['', this.paint('title', text), this.paint('quiet', '-'.repeat(text.length)), ''])
  }

  async say(paragraph: string): Promise<void> {
    await this.#breathe()
    this.#print([...wrapText(paragraph, textWidth), ''])
  }

  async show(lines: readonly string[]): Promise<void> {
    await this.#breathe()
    this.#print([...lines.map((line) => (line === '' ? '' : indent + line)), ''])
  }

  /** One of several lines that belong together; end them with {@link gap}. */
  line(text: string): void {
    this.#signal.throwIfAborted()
    this.#print([indent + text])
  }

  gap(): void {
    this.#print([''])
  }

  table(header: readonly string[], rows: readonly (readonly string[])[]): Promise<void> {
    return this.show(drawTable(header, rows, this.paint))
  }

  /** Said after the story, whether it was interrupted or not. Indented lines stay whole. */
  note(text: string): void {
    this.#print([
      ...text.split('\n').flatMap((line) => (line.startsWith(indent) ? [line] : wrapText(line, textWidth))),
      '',
    ])
  }

  /** Nobody reads along in a pipe. */
  async #breathe(pauseMs = paragraphPauseMs): Promise<void> {
    this.#signal.throwIfAborted()
    if (this.#stream.isTTY) await pause(pauseMs)
  }

  #print(lines: readonly string[]): void {
    for (const line of lines) this.#stream.write(`${line}\n`)
  }
}
