import { expect, test } from 'vitest'
import type { OpenStore } from '../support/open-store.ts'
import { openStore, scriptedReplicas } from '../support/open-store.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { SimulatedTime } from '../support/simulated-time.ts'

const options = { lineage: 'checked', sweepEveryMs: 60_000 } as const
const hourMs = 3_600_000

/** Two stores that share A and B; under C each may meet data of its own, as two hosts do that each have a file. */
function openPair({ isShared }: { readonly isShared: boolean }) {
  const time = new SimulatedTime()
  const [a, b, c] = scriptedReplicas(time, 3)
  const [, , other] = scriptedReplicas(time, 3)
  if (a === undefined || b === undefined || c === undefined || other === undefined) throw new RangeError('no replicas')
  if (!isShared) other.store.lineageId = 'the file of the other host'
  const open = (third: typeof c, seed: number) =>
    openStore(time.runtime({ random: seededRandom(seed) }), [a, b, third], options)
  return { time, c, stores: [open(c, 1), open(isShared ? c : other, 2)] as const }
}

async function begin(time: SimulatedTime, store: OpenStore): Promise<void> {
  const checked = store.engine.check()
  await time.advance(5_000)
  await checked
}

function standings(store: OpenStore) {
  return store.engine.replicas.map(({ standing }) => standing)
}

test('two stores with different data under one id: the first says so, leaves that replica out, and they do not fill theirs in turn for ever', async () => {
  const { time, stores } = openPair({ isShared: false })
  const [first, second] = stores
  await begin(time, first)
  await begin(time, second)
  await time.advance(3 * hourMs)

  const conflicts = first.events.filter(({ type }) => type === 'lineage-conflict')
  expect(conflicts).toEqual([
    { type: 'lineage-conflict', replica: 'C', told: expect.any(String), recorded: 'the file of the other host' },
  ])
  expect(first.engine.replicas[2]).toMatchObject({
    standing: 'joining',
    reason: expect.stringContaining('another store'),
  })
  expect([standings(first).slice(0, 2), standings(second)]).toEqual([
    ['full', 'full'],
    ['full', 'full', 'full'],
  ])
  const joined = [first, second].map(({ events }) => events.filter(({ type }) => type === 'replica-joining').length)
  expect(joined).toEqual([2, 2])
  await Promise.all(stores.map(({ engine }) => Promise.race([engine.close(), time.advance(60_000)])))
})

test('a replica that lost its data is no such case, whichever store hears it first', async () => {
  const { time, c, stores } = openPair({ isShared: true })
  const [first, second] = stores
  await begin(time, first)
  await begin(time, second)
  c.store.lose()
  await time.advance(3 * hourMs)
  expect([...first.events, ...second.events].filter(({ type }) => type === 'lineage-conflict')).toEqual([])
  expect(stores.map(standings)).toEqual([
    ['full', 'full', 'full'],
    ['full', 'full', 'full'],
  ])
  await Promise.all(stores.map(({ engine }) => Promise.race([engine.close(), time.advance(60_000)])))
})
