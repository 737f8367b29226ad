/**
 * Versions: a hybrid logical clock reading plus the writer's id.
 *
 * A version is 28 lower-case hex digits: 12 of milliseconds since 1970, 4 of counter, 12 of writer id. The width is
 * fixed and only `0-9a-f` occur, so that JavaScript, Lua under any locale, PostgreSQL and SQLite all order versions by
 * comparing text.
 *
 * The clock is the hybrid logical clock of Kulkarni, Demirbas et al., "Logical Physical Clocks" (2014), with the
 * counter spilling over into the milliseconds.
 */
export type Version = string

export const versionLength = 28

/** The largest millisecond a version or an expiry can hold (48 bits, the year 10889). */
export const timeMaxMs: number = 2 ** 48 - 1

/**
 * The clock follows no version later than this: near the end of time it would soon have no later version to give, for
 * any key. So a version from there, which no working clock makes, spoils its own key alone.
 */
const followedMaxMs = timeMaxMs - 2 ** 32

const millisecondDigits = 12
const counterDigits = 4
const readingLength = millisecondDigits + counterDigits
const counterMax = 0xffff
const versionPattern = /^[0-9a-f]{28}$/

export function isVersion(text: string): boolean {
  return text.length === versionLength && versionPattern.test(text)
}

/** The millisecond part of a version: the writer's clock, or a later one that it had seen. */
export function versionTimeMs(version: Version): number {
  return Number.parseInt(version.slice(0, millisecondDigits), 16)
}

export function isSameWriter(one: Version, other: Version): boolean {
  return one.endsWith(other.slice(readingLength))
}

/**
 * The smallest version above the given one. `clear()` writes its tombstones there: above exactly the record that it
 * found, below everything written since.
 * @throws RangeError for the very last version
 */
export function successor(version: Version): Version {
  const next = (BigInt(`0x${version}`) + 1n).toString(16)
  if (next.length > versionLength) throw new RangeError(`version ${version} has no successor`)
  return next.padStart(versionLength, '0')
}

/** Below every version that a clock gives at this time or later; no writer has it. */
export function versionBefore(ms: number): Version {
  return timeText(Math.max(0, Math.trunc(ms))).padEnd(versionLength, '0')
}

const timeMaxText = 'f'.repeat(millisecondDigits)

/** Twelve hex digits of a 48-bit number. */
export function timeText(ms: number): string {
  // "Never" and "forever" are the most frequent times by far.
  if (ms === timeMaxMs) return timeMaxText
  return ms.toString(16).padStart(millisecondDigits, '0')
}

function counterText(counter: number): string {
  return counter.toString(16).padStart(counterDigits, '0')
}

export class HybridClock {
  readonly #writerId: string
  #ms = 0
  #msText = timeText(0)
  #counter = 0

  /** @param writerId 12 lower-case hex digits, made anew at random by every store instance */
  constructor(writerId: string) {
    if (!/^[0-9a-f]{12}$/.test(writerId))
      throw new TypeError(`a writer id is 12 lower-case hex digits, not ${writerId}`)
    this.#writerId = writerId
  }

  /**
   * A version later than every one this clock gave out or observed.
   * @throws RangeError at the end of time, when there is none
   */
  next(nowMs: number): Version {
    const wholeMs = Math.trunc(nowMs)
    if (wholeMs > this.#ms) this.#moveTo(wholeMs, 0)
    else if (this.#counter < counterMax) this.#counter += 1
    else this.#moveTo(this.#ms + 1, 0)
    return this.#msText + counterText(this.#counter) + this.#writerId
  }

  /**
   * Moves this clock up to a version that was seen, unless that is from the last weeks before the end of time.
   * @returns how far, in ms, that version lies ahead of this machine's own time; 0 when it does not
   */
  observe(version: Version, nowMs: number): number {
    const seen = version.slice(0, readingLength)
    const seenMs = versionTimeMs(version)
    if (seen > this.#msText + counterText(this.#counter) && seenMs <= followedMaxMs) {
      this.#moveTo(seenMs, Number.parseInt(version.slice(millisecondDigits, readingLength), 16))
    }
    return Math.max(0, seenMs - nowMs)
  }

  #moveTo(ms: number, counter: number): void {
    if (ms > timeMaxMs) throw new RangeError('the clock has run past the last millisecond that a version can hold')
    this.#ms = ms
    this.#msText = timeText(this.#ms)
    this.#counter = counter
  }
}
