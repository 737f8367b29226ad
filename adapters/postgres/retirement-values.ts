import type { Retirement } from '../../src/core/retirement.ts'
import { timeMaxMs, timeText } from '../../src/core/version.ts'

/** After every version: digits and `a` to `f` come before it. */
const afterAllVersions = 'g'

/**
 * The parameters of `isRetiredText`: the two times, and the text before which the versions of tombstones lie that have
 * been dead for long enough, as a tombstone died at the time of its version. Nulls where there is nothing to tell.
 */
export function retirementValues(
  retirement: Retirement | undefined,
): readonly [number | null, number | null, string | null] {
  if (retirement === undefined) return [null, null, null]
  const retainedUntilMs = wholeTime(retirement.retainedUntilMs)
  const diedUntilMs = wholeTime(retirement.diedUntilMs)
  return [retainedUntilMs, diedUntilMs, diedUntilMs === timeMaxMs ? afterAllVersions : timeText(diedUntilMs + 1)]
}

function wholeTime(timeMs: number): number {
  return Math.max(-1, Math.min(timeMaxMs, Math.floor(timeMs)))
}
