import Keyv from 'keyv'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { memoryReplica } from '../../adapters/memory/memory-replica.ts'
import { KeyvQuorum } from '../../src/keyv-quorum.ts'

const hourMs = 3_600_000

describe('values under keyv 5', () => {
  let store: KeyvQuorum
  beforeEach(() => {
    store = new KeyvQuorum(['a', 'b', 'c'].map((id) => memoryReplica({ id })))
  })
  afterEach(() => store.disconnect())

  it('live as long as the ttl says, that of the Keyv or that of the call', async () => {
    const keyv = new Keyv(store, { ttl: hourMs })
    await keyv.set('long', 1)
    await keyv.set('short', 2, 40)
    await keyv.setMany([
      { key: 'one of many', value: 3, ttl: 40 },
      { key: 'another', value: 4 },
    ])
    await expect.poll(() => keyv.hasMany(['short', 'one of many'])).toEqual([false, false])
    expect(await store.hasMany(['short', 'one of many'])).toEqual([false, false])
    expect(await keyv.getMany(['long', 'another'])).toEqual([1, 4])
  })

  it('never expire with a ttl of 0, and do not outlive their ttl when keyv 6 had a look at the store', async () => {
    const keyv = new Keyv(store)
    void store.capabilities
    await keyv.set('never', 1, 0)
    await keyv.set('short', 2, 40)
    await keyv.set('long', 3, hourMs)
    await expect.poll(() => store.has('short')).toBe(false)
    expect(await keyv.getMany(['never', 'long'])).toEqual([1, 3])
  })

  it('come back as they went in when Keyv does not serialize', async () => {
    const keyv = new Keyv(store)
    keyv.serialize = undefined
    keyv.deserialize = undefined
    const value = {
      map: new Map([[1, new Set(['x'])]]),
      date: new Date(0),
      big: 10n ** 30n,
      buffer: Buffer.from([255]),
    }
    await keyv.set('k', value, hourMs)
    expect(await keyv.get('k')).toEqual(value)
    expect(await keyv.getRaw('k')).toEqual({ value, expires: expect.any(Number) })
    expect(await keyv.getMany(['k', 'missing'])).toEqual([value, undefined])
  })

  it('come back with their time from getRaw', async () => {
    const keyv = new Keyv(store)
    await keyv.set('k', 'v')
    expect(await keyv.getRaw('k')).toEqual({ value: 'v' })
    expect(await keyv.get('k', { raw: true })).toEqual({ value: 'v' })
  })

  it('are told by deleteMany in one boolean', async () => {
    const keyv = new Keyv(store)
    await keyv.setMany([
      { key: 'a', value: 1 },
      { key: 'b', value: 2 },
    ])
    expect(await keyv.deleteMany(['a', 'b'])).toBe(true)
    expect(await keyv.deleteMany(['a', 'b'])).toBe(false)
  })

  it('are iterated over once each, in their namespace, without the dead', async () => {
    const keyv = new Keyv(store.withNamespace(undefined), { namespace: 'x' })
    const other = new Keyv(store.withNamespace(undefined), { namespace: 'x:y' })
    await other.set('foreign', 1)
    await keyv.setMany(Array.from({ length: 300 }, (_, index) => ({ key: `key:${index}`, value: index })))
    await keyv.delete('key:7')
    await keyv.set('short', 1, 20)
    await expect.poll(() => keyv.has('short')).toBe(false)
    const seen = new Map<string, number>()
    for await (const [key, value] of keyv.iterator?.(undefined) ?? []) seen.set(key, value)
    const expected = Array.from({ length: 300 }, (_, index) => [`key:${index}`, index] as const)
    expect(seen).toEqual(new Map(expected.filter(([, index]) => index !== 7)))
  })
})
