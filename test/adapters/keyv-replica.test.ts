import { setImmediate } from 'node:timers/promises'
import Keyv from 'keyv'
import { describe, expect, it } from 'vitest'
import { keyvReplica } from '../../adapters/keyv/keyv-replica.ts'
import { isKeyvInstance, isKeyvStore, type KeyvStoreLike } from '../../adapters/keyv/keyv-source.ts'
import { storedKey } from '../../adapters/keyv/stored-text.ts'
import { storedHeadOf } from '../../src/core/record.ts'
import { systemRuntime } from '../../src/runtime.ts'
import { numberedKeys, putsOf, tombstoneAt, userKey, valueAt } from '../conformance/samples.ts'
import { scanAll } from '../conformance/scan-all.ts'
import { storeWith } from './keyv-support/store-with.ts'

const options = { timeoutMs: 30_000 }
const scanOptions = { pageTimeoutMs: 30_000, pageKeysMax: 100 }
const key = userKey('stored')

describe('a Keyv store', () => {
  it('gets no write of a call that timed out while it was reading', async () => {
    const { promise: late, resolve: finish } = Promise.withResolvers<void>()
    let isHanging = true
    const store: ReturnType<typeof storeWith> = storeWith({
      get: async (name) => {
        if (isHanging) await late
        return store.map.get(name)
      },
    })
    const replica = keyvReplica(store, { id: 'hanging' })
    const write = replica.putManyIfNewer(putsOf(valueAt(1, key)), { timeoutMs: 5 })
    await expect(write).rejects.toMatchObject({ code: 'TIMEOUT' })
    isHanging = false
    const next = replica.putManyIfNewer(putsOf(valueAt(1, key)), options)
    finish()
    expect(await next).toMatchObject([{ status: 'stored', replaced: null }])
  })

  it('that holds a record whose key cannot be told any more cannot be scanned', async () => {
    const map = new Map<string, string>()
    const replica = keyvReplica(map, { id: 'damaged' })
    const hashed = userKey('HASHED')
    await replica.putManyIfNewer(putsOf(valueAt(1, hashed), valueAt(1, key)), options)
    map.set(storedKey(hashed), 'damaged')
    await expect(scanAll(replica, scanOptions)).rejects.toMatchObject({ code: 'CORRUPT' })
    await replica.putManyIfNewer(putsOf(valueAt(2, hashed)), options)
    expect(await scanAll(replica, scanOptions)).toHaveLength(2)
  })

  it('without batches gets a bounded number of calls at once', async () => {
    let underWay = 0
    let most = 0
    const get = async () => {
      underWay += 1
      most = Math.max(most, underWay)
      await setImmediate()
      underWay -= 1
      return undefined
    }
    const replica = keyvReplica(storeWith({ get }), { id: 'single' })
    expect(await replica.getMany(numberedKeys(200), options)).toEqual(Array(200).fill(null))
    expect(most).toBe(16)
  })

  it('says who shares it: a map is private, as is the memory adapter of Keyv', () => {
    const sharedBy = (store: KeyvStoreLike) => keyvReplica(store, { id: 'keyv' }).guarantees.sharedBy
    expect(sharedBy(new Map())).toBe('process')
    expect(sharedBy(new Keyv().store)).toBe('process')
    expect(sharedBy(storeWith({}))).toBe('network')
  })

  it('is disconnected by close, by force when it hangs', async () => {
    const calls: boolean[] = []
    const disconnect = (isForced = false) => {
      calls.push(isForced)
      return isForced ? undefined : new Promise(() => undefined)
    }
    await keyvReplica(storeWith({ disconnect }), { id: 'closing' }).close()
    expect(calls).toEqual([false, true])
  })
})

describe('a scan of a Keyv store', () => {
  it('without an iterator is rejected', async () => {
    const { entries: _entries, map: _map, ...store } = storeWith({})
    const replica = keyvReplica(store, { id: 'unlisted' })
    await expect(scanAll(replica, scanOptions)).rejects.toMatchObject({
      code: 'REJECTED',
      message: expect.stringContaining('no iterator'),
    })
  })

  it('whose iterator lists nothing of what it holds is rejected', async () => {
    const replica = keyvReplica(storeWith({ entries: () => [].values() }), { id: 'unlisted' })
    await expect(scanAll(replica, scanOptions)).rejects.toMatchObject({ code: 'REJECTED' })
  })

  it('that hangs is a time-out', async () => {
    const iterator = () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) })
    const replica = keyvReplica(storeWith({ iterator }), { id: 'hanging' })
    await expect(scanAll(replica, { ...scanOptions, pageTimeoutMs: 20 })).rejects.toMatchObject({ code: 'TIMEOUT' })
  })

  it('passes over what is not its own', async () => {
    const store = storeWith({})
    for (const text of ['{"value":1}', '', '1:a', '3:abc', 'lineage']) store.map.set(`foreign ${text}`, text)
    const replica = keyvReplica(store, { id: 'shared' })
    await replica.putManyIfNewer(putsOf(valueAt(1, key)), options)
    expect(await scanAll(replica, scanOptions)).toEqual([storedHeadOf(valueAt(1, key))])
  })
})

describe('what is a Keyv store', () => {
  it('a Keyv instance is none, and the error says what to hand over', () => {
    const keyv = new Keyv()
    expect([isKeyvStore(keyv), isKeyvInstance(keyv)]).toEqual([false, true])
    expect(isKeyvStore(keyv.store)).toBe(true)
    expect(() => keyvReplica(keyv as unknown as KeyvStoreLike, { id: 'keyv' })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('`store`') }),
    )
  })

  it.each([[null], [undefined], ['redis://host'], [{}], [{ get: () => 1 }], [() => 1], [new Set()]])(
    '%s is none',
    (source) => {
      expect(isKeyvStore(source)).toBe(false)
      expect(() => keyvReplica(source as unknown as KeyvStoreLike, { id: 'keyv' })).toThrow('expected a Keyv store')
    },
  )
})

describe('the expiry of the store itself', () => {
  const hourMs = 3_600_000
  const nowMs = 1_700_000_000_000
  const clock = { nowMs: () => nowMs, monotonicMs: () => 0 }

  /** What the third argument of `set` was for a record that is kept until then. */
  async function expiryGiven(retainUntilMs: number, capabilities?: { expires: boolean }): Promise<number | undefined> {
    const { promise, resolve } = Promise.withResolvers<number | undefined>()
    const store = storeWith({
      set: (_name, _text, expiry) => {
        resolve(expiry)
        return true
      },
    })
    const replica = keyvReplica({ ...store, capabilities }, { id: 'expiring', runtime: { ...systemRuntime, clock } })
    await replica.putManyIfNewer(putsOf({ ...tombstoneAt(1, key), retainUntilMs }), options)
    return promise
  }

  it.each([
    ['relative for Keyv 5', undefined, nowMs + 5000, hourMs + 5000],
    ['absolute for Keyv 6', { expires: true }, nowMs + 5000, nowMs + hourMs + 5000],
    ['an hour from now at least', undefined, 1, hourMs],
    ['an hour from now at least', { expires: true }, 1, nowMs + hourMs],
    ['none for ever', undefined, 2 ** 48 - 1, undefined],
    ['none for ever', { expires: true }, 2 ** 48 - 1, undefined],
  ])('is later than the retention: %s', async (_name, capabilities, retainUntilMs, expected) => {
    expect(await expiryGiven(retainUntilMs, capabilities)).toBe(expected)
  })
})
