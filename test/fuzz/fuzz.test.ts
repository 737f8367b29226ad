import { expect, test } from 'vitest'
import { runTargets } from './run-targets.ts'
import { fuzzTargets } from './targets.ts'

/** A share of what `npm run fuzz` does: always the same cases. */
const roundsEach = 4

test.each(fuzzTargets.map((target) => [target.name, target] as const))(
  '%s',
  async (_name, target) => {
    const [run] = await runTargets({ targets: [target], seed: 1_000_000, isOver: ({ rounds }) => rounds >= roundsEach })
    expect(run?.failure).toBeNull()
    expect(run?.cases).toBe(roundsEach * target.casesPerRound)
  },
  120_000,
)
