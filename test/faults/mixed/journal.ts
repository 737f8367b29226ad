import { hostMs } from './operation-log.ts'

/** Tells what happens as it happens, and counts it. */
export class Journal {
  readonly beganAtMs = hostMs()
  readonly #say: (line: string) => void
  readonly #counts = new Map<string, number>()

  constructor(say: (line: string) => void) {
    this.#say = say
  }

  say(line: string): void {
    this.#say(`${((hostMs() - this.beganAtMs) / 1_000).toFixed(1).padStart(7)} s  ${line}`)
  }

  count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1)
  }

  get counts(): ReadonlyMap<string, number> {
    return this.#counts
  }
}
