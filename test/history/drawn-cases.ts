import { expect, test } from 'vitest'
import { drawnHistory } from './drawn-history.ts'
import type { History, Rule } from './history.ts'
import { checkLinearizability } from './linearizability.ts'
import { checkMonotonicReads } from './monotonic.ts'
import type { ClockTolerances } from './real-time.ts'
import { checkRegular } from './regular.ts'
import { checkResurrection } from './resurrection.ts'

/** A drawn history, and which rules it breaks. */
export interface DrawnCase {
  readonly what: string
  readonly drawn: string
  /** In the order of {@link checkers}. */
  readonly breaks: readonly Rule[]
  readonly tolerances?: ClockTolerances
}

const checkers = [checkLinearizability, checkRegular, checkMonotonicReads, checkResurrection]

/** One test for each: exactly the rules that are named are broken. */
export function testCases(cases: readonly DrawnCase[]): void {
  test.each(cases)('$what', ({ drawn, breaks, tolerances }) => {
    expect(brokenRules(drawnHistory(drawn), tolerances)).toEqual(breaks)
  })
}

function brokenRules(history: History, tolerances?: ClockTolerances): Rule[] {
  const rules = checkers.flatMap((check) => check(history, tolerances)).map(({ rule }) => rule)
  return [...new Set(rules)]
}
