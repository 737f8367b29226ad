import type { Retirement } from '../../src/core/retirement.ts'
import { timeMaxMs, timeText } from '../../src/core/version.ts'

/** The two times of a retirement as scripts compare them: 12 hex digits, or nothing for a time before all others. */
export function retirementTexts(retirement: Retirement): [retainedUntil: string, diedUntil: string] {
  return [textOf(retirement.retainedUntilMs), textOf(retirement.diedUntilMs)]
}

function textOf(ms: number): string {
  return ms < 0 ? '' : timeText(Math.min(Math.floor(ms), timeMaxMs))
}
