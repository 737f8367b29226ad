import type { ChangesStep } from '../../src/replica.ts'

const stepKeysMax = 1_000

/** The keys that were put last, in a ring: each put takes the place of the oldest. */
export class MemoryChanges {
  readonly #log: string
  readonly #keysMax: number
  readonly #ring: string[] = []
  /** How many keys were ever put. */
  #count = 0

  /** @param log tells its positions from those of any other log */
  constructor(log: string, keysMax: number) {
    this.#log = log
    this.#keysMax = keysMax
  }

  note(key: string): void {
    this.#ring[this.#count % this.#keysMax] = key
    this.#count += 1
  }

  /** Up to what had been put at the start: so it need not run after the writers. */
  *stepsAfter(after: string | null): Generator<ChangesStep> {
    const end = this.#count
    if (after === null) return yield { keys: [], position: this.#positionAt(end) }
    let place = this.#placeOf(after)
    do {
      // Also when the writers were faster than the caller: what they wrote over is gone.
      if (place === null || place < this.#count - this.#keysMax) {
        return yield { keys: [], position: this.#positionAt(this.#count), isGap: true }
      }
      const next = Math.min(end, place + stepKeysMax)
      yield { keys: this.#between(place, next), position: this.#positionAt(next) }
      place = next
    } while (place < end)
  }

  #between(start: number, end: number): string[] {
    const keys = new Set<string>()
    for (let place = start; place < end; place += 1) {
      const key = this.#ring[place % this.#keysMax]
      if (key !== undefined) keys.add(key)
    }
    return [...keys]
  }

  #positionAt(place: number): string {
    return `${this.#log}/${place}`
  }

  /** Null for a position of another log, or none at all. */
  #placeOf(position: string): number | null {
    const place = Number(position.slice(position.lastIndexOf('/') + 1))
    const isPlace = Number.isSafeInteger(place) && place >= 0 && place <= this.#count
    return isPlace && position === this.#positionAt(place) ? place : null
  }
}
