import { foreverMs } from './core/record.ts'

/**
 * Which of the two Keyv series speaks to the store. They differ in two ways: keyv 5 passes a ttl and wants one boolean
 * from `deleteMany`, keyv 6 passes an absolute time and wants a list.
 *
 * With `'auto'` the store tells by what a Keyv does when it is given a store: keyv 6 reads `capabilities`, keyv 5 reads
 * `opts`. Until then a number of at least {@link absoluteFromMs} is taken for a time, a smaller one for a ttl.
 */
export class KeyvContract {
  readonly #stated: 5 | 6 | null
  #seen: 5 | 6 | null = null

  constructor(stated: 'auto' | 5 | 6) {
    this.#stated = stated === 'auto' ? null : stated
  }

  get series(): 5 | 6 | null {
    return this.#stated ?? this.#seen
  }

  noteCapabilitiesRead(): void {
    this.#seen = 6
  }

  noteOptsRead(): void {
    this.#seen = 5
  }

  /** @param time a ttl or an absolute time in ms, or nothing for a value that does not expire */
  expiresAtMs(time: number | null | undefined, nowMs: number): number | null {
    if (typeof time !== 'number' || !Number.isFinite(time)) return null
    const isAbsolute = this.series === null ? time >= absoluteFromMs : this.series === 6
    // For keyv 5 a ttl of 0 stands for none.
    if (!isAbsolute && time === 0) return null
    const expiresAtMs = Math.ceil(isAbsolute ? time : nowMs + time)
    return expiresAtMs >= foreverMs ? null : Math.max(0, expiresAtMs)
  }

  deletions(deleted: boolean[]): boolean[] | boolean {
    return this.series === 5 ? deleted.length > 0 && deleted.every(Boolean) : deleted
  }
}

/** March 1973 as a time, three years as a ttl. */
export const absoluteFromMs = 1e11
