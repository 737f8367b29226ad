import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** A mutant is done with at the first failure, so the tests that take longest come last. */
const longest = /twin|histories|linearizability|iteration|hash|digest/

class ShortestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) => (longest.test(moduleId) ? 1 : 0)
    return files.toSorted((a, b) => isLong(a) - isLong(b) || a.moduleId.localeCompare(b.moduleId))
  }
}

/** The tests that mutants of the protocol have to face: those that need no server and hardly any time. */
export default defineConfig({
  test: {
    include: ['test/{core,coordinator,scenarios,wrap,support}/**/*.test.ts'],
    // Some seconds each, for every mutant that stays alive.
    exclude: ['test/coordinator/{limits,losses}.test.ts'],
    isolate: false,
    testTimeout: 20_000,
    sequence: { sequencer: ShortestFirst },
  },
})
