import { foreverMs } from './core/record.ts'

/**
 * Which of the two Keyv series speaks to the store. They differ in two ways: keyv 5 passes a ttl and wants one boolean
 * from `deleteMany`, keyv 6 passes an absolute time and wants a list.
 *
 * With `'auto'` the store notes what a Keyv does when it is given a store: keyv 6 reads `capabilities`, keyv 5 reads
 * `opts`. Anybody may read either, a logger for one, so the number overrules what was seen where it can: one below
 * {@link timeFromMs} is no time, one of {@link ttlBelowMs} or more no ttl. In between, what was seen decides, and a
 * number is a time when nothing was.
 */
export class KeyvContract {
  readonly #stated: 5 | 6 | null
  #seen: 5 | 6 | null = null

  constructor(stated: 'auto' | 5 | 6) {
    this.#stated = stated === 'auto' ? null : stated
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
    const isAbsolute = this.#isAbsolute(time)
    // For keyv 5 a ttl of 0 stands for none.
    if (!isAbsolute && time === 0) return null
    const expiresAtMs = Math.ceil(isAbsolute ? time : nowMs + time)
    return expiresAtMs >= foreverMs ? null : Math.max(0, expiresAtMs)
  }

  #isAbsolute(time: number): boolean {
    if (this.#stated !== null) return this.#stated === 6
    if (time < timeFromMs) return false
    return time >= ttlBelowMs || this.#seen !== 5
  }

  deletions(deleted: boolean[]): boolean[] | boolean {
    return (this.#stated ?? this.#seen) === 5 ? deleted.length > 0 && deleted.every(Boolean) : deleted
  }
}

/** March 1973 as a time, three years as a ttl. */
const timeFromMs = 1e11

/** September 2001 as a time, almost 32 years as a ttl. */
const ttlBelowMs = 1e12
