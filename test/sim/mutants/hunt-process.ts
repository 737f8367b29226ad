import type { Rule } from '../../history/history.ts'
import { drawPlan } from '../draw-plan.ts'
import { runPlan } from '../run-plan.ts'

/** What a process that hunts is told once, and tells of every run. */
export interface HuntOrder {
  readonly seeds: readonly number[]
}

export interface HuntedRun {
  readonly seed: number
  readonly rules: readonly Rule[]
  /** Of the first violation; empty where there is none. */
  readonly explanation: string
}

/** Runs seeds of the sources that it is a copy of, one after the other, until it is told to stop by being ended. */
process.once('message', ({ seeds }: HuntOrder) => {
  void hunt(seeds)
})
process.once('disconnect', () => process.exit(0))

async function hunt(seeds: readonly number[]): Promise<void> {
  for (const seed of seeds) {
    const { violations } = await runPlan(drawPlan(seed))
    const rules = [...new Set(violations.map(({ rule }) => rule))]
    const run: HuntedRun = { seed, rules, explanation: violations[0]?.explanation ?? '' }
    process.send?.(run)
  }
}
