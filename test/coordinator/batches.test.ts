import { describe, expect, test } from 'vitest'
import { timeMaxMs } from '../../src/core/version.ts'
import { valueAt } from '../conformance/samples.ts'
import { endOf } from '../support/end-of.ts'
import { openScene, openStore, scriptedReplicas } from '../support/open-store.ts'
import { fates, type ScriptedReplica } from '../support/scripted-replica.ts'
import { SimulatedTime } from '../support/simulated-time.ts'

function put(key: string) {
  return { key, payload: 's', expiresAtMs: null }
}

function entriesPutAt(replica: ScriptedReplica) {
  return replica.calls.flatMap((call) => (call.method === 'putManyIfNewer' ? [call.entries] : []))
}

describe('the keys of one turn', () => {
  test('keep their deadline until the last of them is settled, and no longer', async () => {
    const scene = openScene(3, { deadlineMs: 1_000 })
    for (const index of [1, 2]) {
      const { store } = scene.replica(index)
      scene.replica(index).fate = () => fates.held
      store.place(valueAt(7, ':a'))
    }
    const ends = [':a', ':b'].map((key) => endOf(scene.operations.set(put(key))))
    const reads = [':a', ':b'].map((key) => endOf(scene.operations.read(key)))
    await scene.time.settle()
    expect(scene.time.timersPending).toBeGreaterThan(0)
    for (const replica of scene.replicas) replica.release()
    await scene.time.settle()
    expect([...ends, ...reads].map(({ state }) => state)).toEqual(Array(4).fill('fulfilled'))
    expect(scene.time.timersPending).toBe(0)
  })

  test('are each answered for themselves when only some are superseded, and what is newer is seen', async () => {
    const scene = openScene(3)
    const seen = valueAt(scene.time.nowMs + 50, ':a')
    scene.replica(0).store.place(seen)
    await Promise.all([':a', ':b'].map((key) => scene.operations.set(put(key))))
    await scene.operations.set(put(':c'))
    expect(scene.replica(0).store.peek(':a')).toEqual(seen)
    expect(scene.replica(0).store.peek(':b')).toMatchObject({ payload: 's' })
    expect((scene.replica(0).store.peek(':c')?.version ?? '') > seen.version).toBe(true)
  })

  test('fail key by key where replicas take them in parts', async () => {
    const scene = openScene(3, {}, { limits: { batchKeysMax: 1, callsInFlightMax: 64 } })
    scene.replica(0).fate = (call) =>
      call.method === 'putManyIfNewer' && call.entries[0]?.record.key === ':a' ? fates.rejected : {}
    scene.replica(1).fate = scene.replica(0).fate
    const [a, b] = [':a', ':b'].map((key) => endOf(scene.operations.set(put(key))))
    await scene.time.settle()
    expect([a?.state, b?.state]).toEqual(['rejected', 'fulfilled'])
    expect(a?.error).toMatchObject({ needed: 2, acked: 1, keysFailed: 1, outcome: 'unknown' })
    expect(scene.events.filter(({ type }) => type === 'quorum-lost')).toHaveLength(1)
  })
})

describe('a write whose first attempt was superseded', () => {
  test.each([
    ['unknown when a replica has not answered that attempt', fates.heldBack, 'unknown'],
    ['known when all have, or refused it', fates.refused, 'not-applied'],
  ])('has an outcome that is %s', async (_title, thirdFate, outcome) => {
    const scene = openScene(3)
    const newer = valueAt(scene.time.nowMs + 10, ':k')
    for (const replica of scene.replicas) {
      replica.store.place(newer)
      const isThird = replica === scene.replica(2)
      replica.fate = () => {
        if (replica.callsOf('putManyIfNewer').length > 1) return fates.refused
        return isThird ? thirdFate : { back: 5 }
      }
    }
    const end = endOf(scene.operations.set(put(':k')))
    await scene.time.advance(10)
    expect(end.error).toMatchObject({ code: 'QUORUM_LOST', outcome, acked: 0, needed: 2 })
  })
})

test('a clock past the end of time fails every write before anything is sent', async () => {
  const time = new SimulatedTime()
  const replicas = scriptedReplicas(time, 3)
  const { operations } = openStore(time.runtime({ skewMs: timeMaxMs }), replicas)
  const ends = [operations.set(put(':a')), operations.delete(':b')].map((operation) => endOf<unknown>(operation))
  await time.settle()
  expect(ends.map(({ error }) => error)).toMatchObject([
    { code: 'QUORUM_LOST', operation: 'set', acked: 0, outcome: 'not-applied' },
    { code: 'QUORUM_LOST', operation: 'delete', acked: 0, outcome: 'not-applied' },
  ])
  expect(replicas.map((replica) => entriesPutAt(replica))).toEqual([[], [], []])
  expect(time.timersPending).toBe(0)
})

describe('a read', () => {
  test.each([
    { n: 3, r: 1, w: 3, refused: ['putManyIfNewer'], needed: 3, acked: 2, lost: 'its write-back' },
    { n: 3, r: 3, w: 2, refused: ['getMany', 'putManyIfNewer'], needed: 3, acked: 1, lost: 'its answers' },
  ])('that loses the quorum of $lost says so', async ({ n, r, w, refused, needed, acked }) => {
    const scene = openScene(n, { r, w, reads: 'monotonic' })
    for (const index of [0, 1, 2]) scene.replica(index).store.place(valueAt(index === 0 ? 7 : 6, ':k'))
    for (const index of [1, 2])
      scene.replica(index).fate = ({ method }) => (refused.includes(method) ? fates.refused : {})
    const end = endOf(scene.operations.read(':k'))
    await scene.time.settle()
    expect(end.error).toMatchObject({ code: 'QUORUM_LOST', operation: 'get', needed, acked, outcome: 'not-applied' })
    expect(scene.events.filter(({ type }) => type === 'quorum-lost')).toHaveLength(1)
  })

  test('sees what comes too late to be answered: the next write is above it', async () => {
    const scene = openScene(3)
    const late = valueAt(scene.time.nowMs + 50, ':k')
    for (const index of [0, 1]) scene.replica(index).store.place(valueAt(7, ':k'))
    scene.replica(2).store.place(late)
    scene.replica(2).fate = ({ method }) => (method === 'getMany' ? { back: 5 } : {})
    expect(await scene.operations.read(':k')).toEqual(valueAt(7, ':k'))
    await scene.time.advance(5)
    await scene.operations.set(put(':other'))
    expect((scene.replica(0).store.peek(':other')?.version ?? '') > late.version).toBe(true)
  })
})

describe('a clear', () => {
  test('takes what another writer wrote in the very millisecond in which it began', async () => {
    const scene = openScene(3)
    const version = `${valueAt(scene.time.nowMs, ':k').version.slice(0, 12)}00ff${'e'.repeat(12)}`
    for (const { store } of scene.replicas) store.place({ ...valueAt(scene.time.nowMs, ':k'), version })
    await scene.operations.clear(':')
    expect(await scene.operations.readLive(':k')).toBeNull()
  })

  test('spares what this store wrote in that millisecond, after it began', async () => {
    const scene = openScene(3)
    for (const replica of scene.replicas) replica.fate = ({ method }) => (method === 'scan' ? fates.heldBack : {})
    for (const { store } of scene.replicas) store.place(valueAt(7, ':old'))
    const end = endOf(scene.operations.clear(':'))
    await scene.operations.set(put(':k'))
    for (let round = 0; round < 3; round += 1) {
      for (const replica of scene.replicas) replica.release()
      await scene.time.settle()
    }
    expect(end.state).toBe('fulfilled')
    expect(await scene.operations.readLive(':old')).toBeNull()
    expect(await scene.operations.readLive(':k')).toMatchObject({ payload: 's' })
  })
})
