import { foreverMs, type RecordHead, type ScanEntry, type VersionedRecord } from '../../src/core/record.ts'
import { ConfigError, ReplicaError } from '../../src/errors.ts'
import type { CallOptions, Entry, PutOutcome, Replica, ReplicaGuarantees } from '../../src/replica.ts'
import { type Runtime, systemRuntime } from '../../src/runtime.ts'
import { KeyOrder, type OrderedCall } from './key-order.ts'
import { KeyvScan } from './keyv-scan.ts'
import { isKeyvInstance, isKeyvStore, type KeyvStoreLike } from './keyv-source.ts'
import { decidePut } from './put-decision.ts'
import { StoreCalls, type StoreWrite } from './store-calls.ts'
import { StoreLineage } from './store-lineage.ts'
import { lineageKey, readHead, readRecord, storedKey, storedText } from './stored-text.ts'

export interface KeyvReplicaOptions {
  /** Names the replica in hints, events and errors; the same after a restart. */
  readonly id: string
  /**
   * Who else sees the data of the store. Default: `process` for a `Map` and for the memory adapter of Keyv, else
   * `network`; say `process` for any other store in memory, `host` for a file.
   */
  readonly sharedBy?: ReplicaGuarantees['sharedBy']
  /**
   * How long after the end of its retention the store itself may drop a record, in ms. It is a backstop, and must be
   * longer than clocks of hosts differ. Default: one hour.
   */
  readonly expiryMarginMs?: number
  /** Time, chance and timers. Default: the system's. */
  readonly runtime?: Pick<Runtime, 'clock' | 'random' | 'timers'>
}

const disconnectMaxMs = 1000
const orders = new WeakMap<KeyvStoreLike, KeyOrder>()

/**
 * A replica over any Keyv store: a `Map`, or a storage adapter of Keyv 5 or 6.
 *
 * Such a store has no step that puts only where newer, so the replica reads, compares and writes: safe within one
 * process, where calls on a key are put in order, and `racy` between processes. The store is the replica's from now on:
 * it is told to reject when it fails, where it can be told, and disconnected by `close()`.
 *
 * @throws ConfigError when `store` is not a Keyv store, or is a Keyv instance
 */
export function keyvReplica(store: KeyvStoreLike, options: KeyvReplicaOptions): Replica {
  assertStore(store)
  return new KeyvReplica(store, options)
}

class KeyvReplica implements Replica {
  readonly id: string
  readonly guarantees: ReplicaGuarantees
  readonly limits = { batchKeysMax: 500, callsInFlightMax: 16 }
  readonly #runtime: Pick<Runtime, 'clock' | 'random' | 'timers'>
  readonly #calls: StoreCalls
  readonly #lineage: StoreLineage
  readonly #order: KeyOrder
  readonly #expiryMarginMs: number
  #closing: Promise<void> | null = null

  constructor(store: KeyvStoreLike, options: KeyvReplicaOptions) {
    const { id, sharedBy = sharedByOf(store), expiryMarginMs = 3_600_000, runtime = systemRuntime } = options
    this.id = id
    this.guarantees = { putIfNewer: 'racy', sharedBy, backend: 'keyv' }
    this.#runtime = runtime
    this.#expiryMarginMs = expiryMarginMs
    this.#calls = new StoreCalls(id, store, runtime.clock)
    this.#lineage = new StoreLineage(id, this.#calls, runtime.random)
    this.#order = orderOf(store, runtime)
  }

  getMany(keys: readonly string[], options: CallOptions) {
    return this.#read(keys, options, readRecord)
  }

  getVersions(keys: readonly string[], options: CallOptions) {
    return this.#read(keys, options, readHead)
  }

  async putManyIfNewer(entries: readonly Entry[], options: CallOptions): Promise<readonly PutOutcome[]> {
    if (entries.length === 0) return []
    const keys = entries.map(({ record }) => storedKey(record.key))
    return await this.#call('write', keys, options, async (isAbandoned) => {
      const stored = await this.#lineage.getMany(keys)
      const decisions = entries.map((entry, index) => decidePut(entry, stored[index]))
      const writes = decisions.flatMap(({ write }) => (write === null ? [] : [this.#storeWrite(write)]))
      // Nobody hears the answer any more, so the write would only come late.
      if (!isAbandoned()) await this.#calls.setMany(writes)
      return decisions.map(({ outcome }) => outcome)
    })
  }

  async purgeMany(heads: readonly RecordHead[], options: CallOptions): Promise<readonly boolean[]> {
    if (heads.length === 0) return []
    const keys = heads.map(({ key }) => storedKey(key))
    return await this.#call('write', keys, options, async (isAbandoned) => {
      const stored = await this.#lineage.getMany(keys)
      const isMatch = heads.map((head, index) => {
        const held = readHead(head.key, stored[index])
        return held !== null && held.kind !== 'corrupt' && held.version === head.version
      })
      if (isAbandoned()) return isMatch
      const removed = [...(await this.#calls.deleteMany(keys.filter((_, index) => isMatch[index])))]
      return isMatch.map((matches) => matches && removed.shift() === true)
    })
  }

  async *scan(...[range, options]: Parameters<Replica['scan']>): AsyncGenerator<ScanEntry[]> {
    options.signal?.throwIfAborted()
    const pageOptions = { timeoutMs: options.pageTimeoutMs }
    // The scan looks for the lineage to know that it has seen everything, so there must be one.
    const lineage = this.#lineage.told ?? (await this.#currentLineage(pageOptions))
    await this.#expectLineage(lineage, pageOptions)
    const scan = new KeyvScan(this.id, this.#calls, this.#runtime.timers, range, options)
    try {
      for (let page = await scan.nextPage(); page !== null; page = await scan.nextPage()) {
        options.signal?.throwIfAborted()
        yield page
        options.signal?.throwIfAborted()
        this.#assertOpen()
      }
    } finally {
      scan.end()
    }
    // A store that was emptied meanwhile lists nothing more, and has ended as if there were nothing more.
    await this.#expectLineage(lineage, pageOptions)
  }

  async lineage(options: CallOptions): Promise<string> {
    return this.#lineage.tell(await this.#currentLineage(options))
  }

  close(): Promise<void> {
    this.#closing ??= this.#disconnect()
    return this.#closing
  }

  /** Calls that hang would hang a disconnect that waits for them. */
  async #disconnect(): Promise<void> {
    const disconnected = this.#calls.disconnect(this.#order.pendingCalls > 0)
    const isTimely = await this.#within(disconnectMaxMs, disconnected)
    if (!isTimely) await this.#within(disconnectMaxMs, this.#calls.disconnect(true))
  }

  async #read<Answer>(
    keys: readonly string[],
    options: CallOptions,
    decode: (key: string, stored: unknown) => Answer,
  ): Promise<Answer[]> {
    if (keys.length === 0) return []
    const storedKeys = keys.map(storedKey)
    const stored = await this.#call('read', storedKeys, options, () => this.#lineage.getMany(storedKeys))
    return keys.map((key, index) => decode(key, stored[index]))
  }

  async #currentLineage(options: CallOptions): Promise<string> {
    const startedMs = this.#runtime.clock.monotonicMs()
    const held = await this.#call('read', [lineageKey], options, () => this.#lineage.read())
    if (held !== null) return held
    const timeoutMs = Math.max(1, options.timeoutMs - (this.#runtime.clock.monotonicMs() - startedMs))
    return await this.#call('write', [lineageKey], { timeoutMs }, () => this.#lineage.ensure())
  }

  async #expectLineage(lineage: string, options: CallOptions): Promise<void> {
    this.#lineage.expect(lineage, await this.#call('read', [lineageKey], options, () => this.#lineage.read()))
  }

  #storeWrite(record: VersionedRecord): StoreWrite {
    return { key: storedKey(record.key), text: storedText(record), expiresAtMs: this.#expiryOf(record) }
  }

  #expiryOf({ retainUntilMs }: VersionedRecord): number | null {
    const expiresAtMs = Math.max(retainUntilMs, this.#runtime.clock.nowMs()) + this.#expiryMarginMs
    return expiresAtMs >= foreverMs ? null : expiresAtMs
  }

  async #call<Answer>(
    access: OrderedCall<Answer>['access'],
    keys: readonly string[],
    { timeoutMs }: CallOptions,
    run: OrderedCall<Answer>['run'],
  ): Promise<Answer> {
    this.#assertOpen()
    const runWhenOpen: typeof run = async (isAbandoned) => {
      this.#assertOpen()
      return await run(isAbandoned)
    }
    return await this.#order.call(this.id, { access, keys, timeoutMs, run: runWhenOpen })
  }

  /** Whether the promise settled in time, however it did: a store that fails to disconnect is gone as well. */
  async #within(timeoutMs: number, promise: Promise<void>): Promise<boolean> {
    return await new Promise((resolve) => {
      const cancelTimer = this.#runtime.timers.after(timeoutMs, () => resolve(false))
      const settle = () => {
        cancelTimer()
        resolve(true)
      }
      promise.then(settle, settle)
    })
  }

  #assertOpen(): void {
    if (this.#closing !== null) throw new ReplicaError('CLOSED', 'it was closed', { replica: this.id })
  }
}

function assertStore(store: unknown): asserts store is KeyvStoreLike {
  if (isKeyvInstance(store)) throw new ConfigError('store', 'a Keyv store, not a Keyv instance: hand over its `store`')
  if (!isKeyvStore(store)) throw new ConfigError('store', 'a Keyv store, with `get`, `set` and `delete`')
}

/** Replicas of one process over the same store object keep one order. */
function orderOf(store: KeyvStoreLike, runtime: Pick<Runtime, 'clock' | 'timers'>): KeyOrder {
  const known = orders.get(store)
  if (known !== undefined) return known
  const order = new KeyOrder({}, runtime)
  orders.set(store, order)
  return order
}

/** Keyv 6 stores state what they are over; its memory adapter says so. */
function sharedByOf(store: KeyvStoreLike): ReplicaGuarantees['sharedBy'] {
  return store instanceof Map || store.capabilities?.store === 'mapLike' ? 'process' : 'network'
}
