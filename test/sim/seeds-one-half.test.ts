import { expect, test } from 'vitest'
import { runSeeds } from './seeds.ts'

// The other half is in a file of its own, so that two cores work.
test('nothing is wrong in a thousand runs', { timeout: 900_000 }, async () => {
  const { failures } = await runSeeds(1, 1_000)
  expect(failures.map(({ report }) => report)).toEqual([])
})
