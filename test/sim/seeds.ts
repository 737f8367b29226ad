import { drawPlan } from './draw-plan.ts'
import { failureReport } from './failure-report.ts'
import { runPlan } from './run-plan.ts'
import { shrink } from './shrink.ts'

/** What became of a row of seeds. */
export interface SeedsResult {
  readonly seeds: number
  readonly operations: number
  /** As much as can be sent from process to process. */
  readonly coverage: readonly (readonly [what: string, count: number])[]
  readonly failures: readonly SeedFailure[]
}

export interface SeedFailure {
  readonly seed: number
  readonly rules: readonly string[]
  readonly report: string
}

/** Runs one seed after the other; those that fail are made smaller. */
export async function runSeeds(from: number, count: number): Promise<SeedsResult> {
  const coverage = new Map<string, number>()
  const failures: SeedFailure[] = []
  let operations = 0
  for (let seed = from; seed < from + count; seed += 1) {
    const outcome = await runPlan(drawPlan(seed))
    operations += outcome.history.operations.length
    for (const [what, times] of outcome.coverage) coverage.set(what, (coverage.get(what) ?? 0) + times)
    if (outcome.violations.length === 0) continue
    const rules = [...new Set(outcome.violations.map(({ rule }) => rule))]
    failures.push({ seed, rules, report: failureReport(await shrink(outcome)) })
  }
  return { seeds: count, operations, coverage: [...coverage], failures }
}
