import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import { keyvReplica } from '../../adapters/keyv/keyv-replica.ts'
import type { KeyvStoreLike } from '../../adapters/keyv/keyv-source.ts'
import { storedKey } from '../../adapters/keyv/stored-text.ts'
import { headOf, putsOf, userKey, valueAt } from '../conformance/samples.ts'
import { storeWith } from './keyv-support/store-with.ts'

const options = { timeoutMs: 30_000 }
const scanOptions = { pageTimeoutMs: 30_000, pageKeysMax: 100 }
const key = userKey('failing')
const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' })

/** A store that, while it fails, emits `error` and answers as if there were nothing. */
class QuietStore extends EventEmitter implements KeyvStoreLike {
  readonly map = new Map<string, string>()
  failure: Error | null = null

  get(name: string): string | undefined {
    return this.#fails() ? undefined : this.map.get(name)
  }

  set(name: string, text: string): void {
    if (!this.#fails()) this.map.set(name, text)
  }

  delete(name: string): boolean {
    return !this.#fails() && this.map.delete(name)
  }

  *iterator(): Generator<[string, string]> {
    for (const entry of this.map) {
      if (this.#fails()) return
      yield entry
    }
  }

  #fails(): boolean {
    if (this.failure !== null) this.emit('error', this.failure)
    return this.failure !== null
  }
}

describe('a Keyv store that fails', () => {
  it('by a miss and an error event is a failure, not a miss', async () => {
    const store = new QuietStore()
    const replica = keyvReplica(store, { id: 'quiet' })
    await replica.putManyIfNewer(putsOf(valueAt(1, key)), options)
    store.failure = new Error('out of memory')
    const rejected = { code: 'REJECTED', replica: 'quiet', cause: store.failure }
    await expect(replica.getMany([key], options)).rejects.toMatchObject(rejected)
    await expect(replica.getVersions([key], options)).rejects.toMatchObject(rejected)
    await expect(replica.putManyIfNewer(putsOf(valueAt(2, key)), options)).rejects.toMatchObject(rejected)
    await expect(replica.lineage(options)).rejects.toMatchObject(rejected)
    store.failure = null
    expect(await replica.getMany([key], options)).toEqual([valueAt(1, key)])
  })

  it('only in its writes, by an error event, is a failure', async () => {
    const store = new QuietStore()
    const replica = keyvReplica(store, { id: 'quiet' })
    await replica.putManyIfNewer(putsOf(valueAt(1, key)), options)
    const get = store.get.bind(store)
    store.get = (name) => {
      const text = store.map.get(name)
      store.failure = text === undefined ? null : new Error('read only')
      return text
    }
    await expect(replica.putManyIfNewer(putsOf(valueAt(2, key)), options)).rejects.toMatchObject({ code: 'REJECTED' })
    await expect(replica.purgeMany([headOf(valueAt(1, key))], options)).rejects.toMatchObject({ code: 'REJECTED' })
    store.get = get
    store.failure = null
    expect(await replica.getMany([key], options)).toEqual([valueAt(1, key)])
  })

  it('in the midst of a scan, by an error event and an early end, makes the scan reject', async () => {
    const store = new QuietStore()
    const replica = keyvReplica(store, { id: 'quiet' })
    await replica.lineage(options)
    await replica.putManyIfNewer(putsOf(valueAt(1, key), valueAt(2, userKey('other'))), options)
    const broken = new Error('broken')
    const scan = replica.scan({ from: 0, to: 2 ** 32 }, { ...scanOptions, pageKeysMax: 1 })
    await expect(async () => {
      for await (const page of scan) if (page.length > 0) store.failure = broken
    }).rejects.toMatchObject({ code: 'REJECTED', cause: broken })
  })

  it('by false is a rejected write', async () => {
    const replica = keyvReplica(storeWith({ set: () => false }), { id: 'refusing' })
    await expect(replica.putManyIfNewer(putsOf(valueAt(1, key)), options)).rejects.toMatchObject({ code: 'REJECTED' })
    const many = keyvReplica(storeWith({ setMany: async () => [true, false] }), { id: 'refusing' })
    const two = putsOf(valueAt(1, key), valueAt(1, userKey('other')))
    await expect(many.putManyIfNewer(two, options)).rejects.toMatchObject({ code: 'REJECTED' })
  })

  it('by the loss of its connection is unavailable to a read, and leaves a write uncertain', async () => {
    const reading = keyvReplica(storeWith({ get: () => Promise.reject(refused) }), { id: 'lost' })
    await expect(reading.getMany([key], options)).rejects.toMatchObject({ code: 'UNAVAILABLE', cause: refused })
    await expect(reading.putManyIfNewer(putsOf(valueAt(1, key)), options)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    })
    const writing = keyvReplica(storeWith({ set: () => Promise.reject(refused) }), { id: 'lost' })
    await expect(writing.putManyIfNewer(putsOf(valueAt(1, key)), options)).rejects.toMatchObject({ code: 'TIMEOUT' })
  })

  it('by throwing is a rejection', async () => {
    const thrower = () => {
      throw new Error('thrown')
    }
    const replica = keyvReplica(storeWith({ get: thrower, entries: thrower }), { id: 'throwing' })
    await expect(replica.getMany([key], options)).rejects.toMatchObject({ name: 'ReplicaError', code: 'REJECTED' })
  })

  it('by another number of values than keys is corrupt', async () => {
    const replica = keyvReplica(storeWith({ getMany: async () => [] }), { id: 'short' })
    await expect(replica.getMany([key], options)).rejects.toMatchObject({ code: 'CORRUPT' })
  })

  it('is told to throw where it can be told', () => {
    const store = { ...storeWith({}), throwOnErrors: false, throwOnConnectError: false }
    keyvReplica(store, { id: 'told' })
    expect(store).toMatchObject({ throwOnErrors: true, throwOnConnectError: true })
  })

  it('without batches settles a failed batch only when all of it has settled', async () => {
    const { promise: late, resolve: finish } = Promise.withResolvers<void>()
    const other = userKey('other')
    const store: ReturnType<typeof storeWith> = storeWith({
      set: async (name, text) => {
        if (name === storedKey(key)) throw new Error('refused')
        await late
        store.map.set(name, text)
      },
    })
    const replica = keyvReplica(store, { id: 'single' })
    const failed = replica.putManyIfNewer(putsOf(valueAt(1, key), valueAt(1, other)), { timeoutMs: 5 })
    await expect(failed).rejects.toMatchObject({ code: 'TIMEOUT' })
    const newer = replica.putManyIfNewer(putsOf(valueAt(2, other)), options)
    finish()
    expect(await newer).toMatchObject([{ status: 'stored', replaced: { version: valueAt(1, other).version } }])
    expect(await replica.getMany([other], options)).toEqual([valueAt(2, other)])
  })

  it('by a write that hangs and lands late never overtakes a newer one', async () => {
    const { promise: late, resolve: finish } = Promise.withResolvers<void>()
    let isHanging = true
    const store: ReturnType<typeof storeWith> = storeWith({
      set: async (name, text) => {
        if (isHanging) await late
        store.map.set(name, text)
      },
    })
    const replica = keyvReplica(store, { id: 'hanging' })
    const older = replica.putManyIfNewer(putsOf(valueAt(1, key)), { timeoutMs: 5 })
    await expect(older).rejects.toMatchObject({ code: 'TIMEOUT' })
    isHanging = false
    const newer = replica.putManyIfNewer(putsOf(valueAt(2, key)), options)
    finish()
    await newer
    expect(await replica.getMany([key], options)).toEqual([valueAt(2, key)])
  })
})
