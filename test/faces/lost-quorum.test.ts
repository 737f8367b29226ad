import { Keyv } from 'keyv'
import { describe, expect, it } from 'vitest'
import { memoryReplica } from '../../adapters/memory/memory-replica.ts'
import { createKeyv } from '../../src/create-keyv.ts'
import { QuorumError, ReplicaError } from '../../src/errors.ts'
import { KeyvQuorum } from '../../src/keyv-quorum.ts'
import type { Replica } from '../../src/replica.ts'

const down = (id: string): Replica => {
  const fail = () => Promise.reject(new ReplicaError('UNAVAILABLE', 'connection refused', { replica: id }))
  const replica = memoryReplica({ id })
  return {
    ...replica,
    getMany: fail,
    getVersions: fail,
    putManyIfNewer: fail,
    scan: () => failing(fail),
    close: () => replica.close(),
  }
}

async function* failing(fail: () => Promise<never>): AsyncGenerator<never> {
  yield await fail()
}

const replicas = () => [memoryReplica({ id: 'a' }), down('b'), down('c')]

const everyCall: readonly [string, (keyv: Keyv) => Promise<unknown>][] = [
  ['get', (keyv) => keyv.get('k')],
  ['getMany', (keyv) => keyv.getMany(['k', 'l'])],
  ['has', (keyv) => keyv.has('k')],
  ['set', (keyv) => keyv.set('k', 1)],
  ['setMany', (keyv) => keyv.setMany([{ key: 'k', value: 1 }])],
  ['delete', (keyv) => keyv.delete('k')],
  ['deleteMany', (keyv) => keyv.deleteMany(['k'])],
  ['clear', (keyv) => keyv.clear()],
  [
    'iterator',
    async (keyv) => {
      for await (const _entry of keyv.iterator());
    },
  ],
]

describe('a lost quorum', () => {
  it.each(everyCall)('rejects %s of a Keyv that createKeyv made, listeners or not', async (_name, call) => {
    const keyv = createKeyv(replicas())
    await expect(call(keyv)).rejects.toBeInstanceOf(QuorumError)
    const heard: unknown[] = []
    keyv.on('error', (error: unknown) => heard.push(error))
    await expect(call(keyv)).rejects.toBeInstanceOf(QuorumError)
    expect(heard.length).toBeGreaterThan(0)
    await keyv.disconnect()
  })

  it.each(everyCall)('rejects %s of a plain Keyv as long as nobody listens to its errors', async (_name, call) => {
    const keyv = new Keyv(new KeyvQuorum(replicas(), { lineage: 'assumed' }))
    await expect(call(keyv)).rejects.toBeInstanceOf(QuorumError)
    await keyv.disconnect()
  })

  it('says who failed and why, what was needed, and what became of the write', async () => {
    const store = new KeyvQuorum(replicas(), { lineage: 'assumed' })
    const error = await store.set('k', 1).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'QUORUM_LOST', operation: 'set', needed: 2, replicas: 3, keysFailed: 1 })
    expect(error).toMatchObject({ outcome: 'unknown' })
    const { causes, message } = error as QuorumError
    expect([...causes.keys()].sort()).toEqual(['b', 'c'])
    expect(causes.get('b')).toMatchObject({ code: 'UNAVAILABLE', replica: 'b' })
    expect(message).toMatch(
      /^set needs 2 of 3 replicas, and \d answered: b UNAVAILABLE \(connection refused\), c UNAVAILABLE/,
    )
    await store.disconnect()
  })

  it('is told from a write that certainly was not applied', async () => {
    const store = new KeyvQuorum([down('a'), down('b'), down('c')])
    await expect(store.set('k', 1)).rejects.toMatchObject({ outcome: 'not-applied' })
    await store.disconnect()
  })

  it('never shows as an error event of the store, and replica failures do neither', async () => {
    const store = new KeyvQuorum(replicas(), { r: 1, w: 2, allowStale: true, lineage: 'assumed' })
    const keyv = new Keyv(store)
    const heard: unknown[] = []
    keyv.on('error', (error: unknown) => heard.push(error))
    expect(await keyv.get('k')).toBeUndefined()
    expect(heard).toEqual([])
    await keyv.disconnect()
  })
})
