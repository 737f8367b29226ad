import { styleText } from 'node:util'

export type Style = 'good' | 'bad' | 'warn' | 'quiet' | 'title'

const formats = { good: 'green', bad: 'red', warn: 'yellow', quiet: 'dim', title: 'bold' } as const

export type OutputStream = NodeJS.WritableStream & { readonly isTTY?: boolean }

/** Where a command prints: results on stdout, and what is only for whoever watches on stderr. */
export class Terminal {
  readonly stderr: OutputStream
  readonly #stdout: OutputStream

  constructor(streams: { readonly stdout: OutputStream; readonly stderr: OutputStream }) {
    this.#stdout = streams.stdout
    this.stderr = streams.stderr
  }

  print(...lines: readonly string[]): void {
    for (const line of lines) this.#stdout.write(`${line}\n`)
  }

  /** One document, for programs. */
  printJson(value: unknown): void {
    this.print(JSON.stringify(value, null, 2))
  }

  note(...lines: readonly string[]): void {
    for (const line of lines) this.stderr.write(`${line}\n`)
  }

  /** Colours for a terminal; none where stdout is no terminal or NO_COLOR is set. */
  paint(style: Style, text: string): string {
    return styleText(formats[style], text, { stream: this.#stdout })
  }
}
