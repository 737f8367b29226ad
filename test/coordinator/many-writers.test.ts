import fc from 'fast-check'
import { expect, test } from 'vitest'
import { endOf } from '../support/end-of.ts'
import { openStore, scriptedReplicas } from '../support/open-store.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { SimulatedTime } from '../support/simulated-time.ts'

const writersCount = 40

/** Many stores, each in a process of its own, set one key again and again; every way takes a time of its own. */
async function writeAtOnce(seed: number, ttlMs: number | null, downCount: number): Promise<(string | undefined)[]> {
  const time = new SimulatedTime(100_000)
  const { fraction } = seededRandom(seed)
  const replicas = scriptedReplicas(time, 3)
  for (const [index, replica] of replicas.entries()) {
    replica.fate = () =>
      index < downCount
        ? { failure: { code: 'UNAVAILABLE', isApplied: false } }
        : { there: fraction() * 5, back: fraction() * 5 }
  }
  const ends: ReturnType<typeof endOf>[] = []
  const stores = Array.from({ length: writersCount }, (_, index) =>
    openStore(time.runtime({ random: seededRandom(seed * 1_000 + index), skewMs: fraction() * 4 - 2 }), replicas),
  )
  for (let round = 0; round < 5; round += 1) {
    for (const { operations, engine } of stores) {
      const expiresAtMs = ttlMs === null ? null : engine.nowMs() + ttlMs
      ends.push(endOf(operations.set({ key: ':hot', payload: `s${ends.length}`, expiresAtMs })))
    }
    await time.advance(fraction() * 8)
  }
  await time.advance(30_000)
  return ends.flatMap(({ error }) => (error === undefined ? [] : [String(error)]))
}

test.each([
  ['for ever', null, 0],
  ['for a minute', 60_000, 0],
  ['for ever, with a replica down', null, 1],
  ['for a minute, with a replica down', 60_000, 1],
] as const)('many writers of one key all succeed, %s', async (_what, ttlMs, downCount) => {
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: 1_000_000 }), async (seed) => {
      expect(await writeAtOnce(seed, ttlMs, downCount)).toEqual([])
    }),
    { numRuns: 3 },
  )
})
