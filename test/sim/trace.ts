/** What happened in a run, line by line: hashed always, kept only where somebody wants to read it. */
export class Trace {
  readonly lines: string[] = []
  readonly #keeps: boolean
  readonly #nowMs: () => number
  #hash = 0x811c9dc5

  constructor(keeps: boolean, nowMs: () => number) {
    this.#keeps = keeps
    this.#nowMs = nowMs
  }

  add(text: string): void {
    const line = `${this.#nowMs().toFixed(3)} ${text}`
    for (let place = 0; place < line.length; place += 1) {
      this.#hash = Math.imul(this.#hash ^ line.charCodeAt(place), 0x01000193)
    }
    if (this.#keeps) this.lines.push(line)
  }

  /** The same for the same run, and for no other. */
  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0')
  }
}
