import { describe, expect, test } from 'vitest'
import { valueAt } from '../conformance/samples.ts'
import { endOf } from '../support/end-of.ts'
import { openScene } from '../support/open-store.ts'
import { fates } from '../support/scripted-replica.ts'

const nowMs = 1_000
const old = valueAt(500, ':k')
const written = valueAt(600, ':k')

describe('what a clear finds and cannot read', () => {
  test('is read from a quorum, and buried under the newest that is known', async () => {
    const { operations, replica, replicas, time } = openScene(3)
    for (const { store } of replicas) store.place(written)
    replica(0).store.damage(':k', 'head')
    const cleared = endOf(operations.clear(':'))
    await time.advance(nowMs)
    expect(cleared.error).toBeUndefined()
    expect(replicas.map(({ store }) => store.peek(':k')?.kind)).toEqual(['tombstone', 'tombstone', 'tombstone'])
  })

  // With r = 1 the one that answers first may have missed what two others acknowledged: as many as a search needs are asked.
  test('is read from as many as a search goes through, though a read would ask fewer', async () => {
    const { operations, replica, replicas, time } = openScene(3, { r: 1, w: 2, allowStale: true })
    for (const { store } of replicas) store.place(written)
    replica(0).store.damage(':k', 'head')
    replica(1).store.place(old)
    replica(2).fate = ({ method }) => (method === 'getMany' ? { back: 100 } : {})
    const cleared = endOf(operations.clear(':'))
    await time.advance(nowMs)
    expect(cleared.error).toBeUndefined()
    const graves = replicas.map(({ store }) => store.peek(':k'))
    expect(graves.map((grave) => grave?.kind)).toEqual(['tombstone', 'tombstone', 'tombstone'])
    expect(graves.every((grave) => (grave?.version ?? '') > written.version)).toBe(true)
  })

  test('stands beside what can be read', async () => {
    const { operations, replica, replicas, time } = openScene(3)
    const others = [':a', ':b'].map((key) => valueAt(700, key))
    for (const { store } of replicas) for (const record of [written, ...others]) store.place(record)
    replica(0).store.damage(':k', 'head')
    const cleared = endOf(operations.clear(':'))
    await time.advance(nowMs)
    expect(cleared.error).toBeUndefined()
    for (const key of [':a', ':b', ':k']) expect(replica(1).store.peek(key)?.kind).toBe('tombstone')
  })

  test('fails the clear when no quorum can read it either', async () => {
    const { operations, replica, replicas, time } = openScene(3)
    for (const { store } of replicas) store.place(written)
    replica(0).store.damage(':k', 'head')
    for (const each of replicas.slice(1)) each.fate = ({ method }) => (method === 'getMany' ? fates.refused : {})
    const cleared = endOf(operations.clear(':'))
    await time.advance(nowMs)
    expect(cleared.error).toMatchObject({ code: 'QUORUM_LOST', operation: 'clear' })
    expect(replica(1).store.peek(':k')?.kind).toBe('value')
  })
})

test('a search begins with the replicas that are up', async () => {
  const { operations, replica, time, replicas } = openScene(3)
  for (const { store } of replicas) store.place(written)
  replica(0).fate = () => fates.refused
  for (let times = 0; times < 4; times += 1) {
    void operations.read(':other')
    await time.advance(10)
  }
  const before = replica(0).callsOf('scan').length
  const cleared = endOf(operations.clear(':'))
  await time.advance(50)
  expect(cleared.error).toBeUndefined()
  expect(replica(0).callsOf('scan')).toHaveLength(before)
  expect(replicas.slice(1).map(({ store }) => store.peek(':k')?.kind)).toEqual(['tombstone', 'tombstone'])
})

test('a replica that lost its data is not gone through: what it lacks means nothing', async () => {
  const { operations, replica, time } = openScene(3, { lineage: 'checked' })
  const acknowledged = endOf(operations.set({ key: ':k', payload: 's', expiresAtMs: null }))
  replica(1).fate = ({ method }) => (method === 'putManyIfNewer' ? fates.rejected : {})
  await time.advance(10)
  expect(acknowledged.state).toBe('fulfilled')
  replica(1).fate = () => ({})
  replica(1).store.wipe()
  replica(0).wipe()
  // No sweep gets far enough to fill it meanwhile.
  replica(0).fate = ({ method }) => (method === 'digest' ? fates.hung : {})
  void operations.read(':other')
  await time.advance(10)
  const cleared = endOf(operations.clear(':'))
  await time.advance(100)
  expect(cleared).toMatchObject({ state: 'fulfilled' })
  expect(replica(2).store.peek(':k')?.kind).toBe('tombstone')
})
