import { expect, test } from 'vitest'
import { failuresWithoutMutant, hunt } from './mutants/hunt.ts'
import { mutants } from './mutants/mutants.ts'
import { assertPlantable } from './mutants/sources.ts'

const limits = { from: 1, seeds: 100, deadlineMs: 120_000 }
/** The runs that gave a mutant away. */
const tellingSeeds = new Set<number>()

// The source may have moved on: then the mutant has to be written anew.
test.each(mutants)('it can still be planted: $name', (mutant) => {
  expect(() => assertPlantable(mutant)).not.toThrow()
})

// The others take more runs: `npm run sim:mutants` plants them all.
test.each(mutants.filter(({ found }) => found === 'quickly'))(
  'the simulator finds out when $name',
  { timeout: 180_000 },
  async (mutant) => {
    const { caught } = await hunt(mutant, limits)
    expect(caught?.rules).toEqual(expect.arrayContaining([expect.toBeOneOf([...mutant.caughtBy])]))
    if (caught !== null) tellingSeeds.add(caught.seed)
  },
)

test('nothing is wrong in the same runs without a mutant', { timeout: 180_000 }, async () => {
  expect(tellingSeeds.size).toBeGreaterThan(0)
  expect(await failuresWithoutMutant([...tellingSeeds])).toEqual([])
})
