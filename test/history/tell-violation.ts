import type { History, Rule, Violation } from './history.ts'
import { checkLinearizability } from './linearizability.ts'
import { checkMonotonicReads } from './monotonic.ts'
import type { ClockTolerances } from './real-time.ts'
import { checkLostWrites, checkRegular } from './regular.ts'
import { renderViolation } from './render.ts'
import { checkResurrection } from './resurrection.ts'
import { shrinkHistory } from './shrink.ts'

/** How the history was checked. */
export interface CheckedWith {
  readonly healedAt: number
  readonly tolerances: ClockTolerances
}

/** A violation for whoever has to find out why: drawn with no more operations than it takes to see it. */
export function tellViolation(history: History, violation: Violation, { healedAt, tolerances }: CheckedWith): string {
  const checks: Partial<Record<Rule, (history: History) => readonly Violation[]>> = {
    linearizability: (part) => checkLinearizability(part, tolerances),
    regular: (part) => checkRegular(part, tolerances),
    'lost-write': (part) => checkLostWrites(part, healedAt, tolerances),
    monotonic: (part) => checkMonotonicReads(part, tolerances),
    resurrection: (part) => checkResurrection(part, tolerances),
  }
  const check = checks[violation.rule]
  // One found by other means than these checkers, as convergence is, has nothing to be shrunk by.
  if (check === undefined || check(history).length === 0) return renderViolation(history, violation)
  const smallest = shrinkHistory(history, violation, check)
  const shown = check(smallest).find(({ key }) => key === violation.key)
  return renderViolation(smallest, shown ?? violation)
}
