import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** A mutant is done with at the first failure, so the tests that find most come first, and those that take longest last. */
const order = [/scenarios/, /wrap|tables/, /twin|histories|linearizability|iteration|repair|hash|digest/]

class LikeliestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => rankOf(a) - rankOf(b) || a.moduleId.localeCompare(b.moduleId))
  }
}

function rankOf({ moduleId }: TestSpecification): number {
  const rank = order.findLastIndex((names) => names.test(moduleId))
  return rank === -1 ? 1 : rank
}

/** The tests that mutants of the protocol have to face: those that need no server and hardly any time. */
export default defineConfig({
  test: {
    include: ['test/{core,coordinator,scenarios,wrap,support}/**/*.test.ts'],
    // Some seconds each, for every mutant that stays alive.
    exclude: ['test/coordinator/{many-keys,losses}.test.ts', 'test/core/*.larger.twin.test.ts'],
    env: { HISTORIES: '100' },
    isolate: false,
    testTimeout: 60_000,
    sequence: { sequencer: LikeliestFirst },
  },
})
