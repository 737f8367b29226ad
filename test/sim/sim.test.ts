import { expect, test } from 'vitest'
import { runSeeds } from './seeds.ts'

// The other half is in a file of its own, so that both cores work.
test('a thousand runs, odd', { timeout: 600_000 }, async () => {
  const { failures } = await runSeeds(1, 1)
  expect(failures.map(({ report }) => report)).toEqual([])
})
