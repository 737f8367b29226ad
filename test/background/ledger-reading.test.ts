import { expect, test } from 'vitest'
import { ledgerAgeMaxMs } from '../../src/core/standing.ts'
import { openStore, scriptedReplicas } from '../support/open-store.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { SimulatedTime } from '../support/simulated-time.ts'

const gcGraceMs = 60_000
const options = { lineage: 'checked', gcGraceMs, sweepEveryMs: 0 } as const

test('a store that never sweeps, and that nobody asks anything, hears in time what others wrote down', async () => {
  const time = new SimulatedTime()
  const replicas = scriptedReplicas(time, 3)
  const [idle, other] = [1, 2].map((seed) => openStore(time.runtime({ random: seededRandom(seed) }), replicas, options))
  if (idle === undefined || other === undefined) throw new RangeError('two stores were opened')
  await Promise.all([idle.engine.check(), other.engine.check(), time.advance(100)])
  await Promise.all([other.engine.removeReplica('C'), time.advance(100)])
  expect(idle.engine.replicas.map(({ standing }) => standing)).toEqual(['full', 'full', 'full'])

  await time.advance(ledgerAgeMaxMs(gcGraceMs))
  expect(idle.engine.replicas.map(({ standing }) => standing)).toEqual(['full', 'full', 'joining'])
  await Promise.all([idle, other].map(({ engine }) => Promise.race([engine.close(), time.advance(60_000)])))
})
