import { ReplicaError } from '../../src/errors.ts'
import type { Clock } from '../../src/runtime.ts'
import type { KeyvStoreEntry, KeyvStoreLike } from './keyv-source.ts'
import { type StorePhase, storeFailure } from './store-failure.ts'

export interface StoreWrite {
  readonly key: string
  readonly text: string
  /** When the store itself may drop the entry, in ms since 1970; null for never. */
  readonly expiresAtMs: number | null
}

const singleCallsAtOnce = 16

/**
 * The calls on a Keyv store, made to fail when they fail: stores say so in many ways, by a rejection, by an `error`
 * event and an answer that looks like a miss, or by `false`.
 */
export class StoreCalls {
  readonly #replica: string
  readonly #store: KeyvStoreLike
  readonly #clock: Clock
  readonly #prefix: string
  readonly #isExpiryAbsolute: boolean
  #errorsEmitted = 0
  #lastError: unknown

  constructor(replica: string, store: KeyvStoreLike, clock: Clock) {
    this.#replica = replica
    this.#store = store
    this.#clock = clock
    // With it, stores that add their namespace to keys and stores that leave that to their callers list the same keys.
    this.#prefix = store.namespace ? `${store.namespace}:` : ''
    this.#isExpiryAbsolute = store.capabilities?.expires === true
    makeThrow(store)
    // Kept for good: an emitter on which nobody listens to `error` would end the process.
    store.on?.('error', (error) => this.#noteError(error))
  }

  get errorsEmitted(): number {
    return this.#errorsEmitted
  }

  /** Whether one call reads many keys. */
  get readsMany(): boolean {
    return this.#store.getMany !== undefined
  }

  /** What the store emitted last, as the failure that it was. */
  emittedFailure(phase: StorePhase): ReplicaError {
    return storeFailure(this.#replica, this.#lastError, phase)
  }

  /** What lies under each key; undefined or null where nothing does. */
  async getMany(keys: readonly string[]): Promise<readonly unknown[]> {
    const errorsBefore = this.#errorsEmitted
    const stored = await this.#failing('read', () => this.#read(keys.map((key) => this.#prefix + key)))
    // A hit proves itself; a miss beside an error may be the error.
    if (this.#errorsEmitted !== errorsBefore && stored.some((value) => value === undefined || value === null)) {
      throw this.emittedFailure('read')
    }
    return stored
  }

  /** Writes all, or rejects; then any of them may have been written. */
  async setMany(writes: readonly StoreWrite[]): Promise<void> {
    if (writes.length === 0) return
    const errorsBefore = this.#errorsEmitted
    const answers = await this.#failing('write', () => this.#write(writes))
    if (answers.some((answer) => answer === false)) throw this.#refused('a write', errorsBefore)
    const isEachConfirmed = answers.every((answer) => answer === true)
    if (this.#errorsEmitted !== errorsBefore && !isEachConfirmed) throw this.emittedFailure('write')
  }

  /** @returns for each key whether it was there; where the store does not tell, that it was */
  async deleteMany(keys: readonly string[]): Promise<readonly boolean[]> {
    if (keys.length === 0) return []
    const errorsBefore = this.#errorsEmitted
    const prefixed = keys.map((key) => this.#prefix + key)
    const answer = await this.#failing('write', () => this.#remove(prefixed))
    const removed = keys.map((_, index) => (Array.isArray(answer) ? answer[index] : answer) !== false)
    if (this.#errorsEmitted !== errorsBefore && removed.includes(false)) throw this.emittedFailure('write')
    return removed
  }

  /** Starts to walk over all entries of the store, in no order; null when the store cannot. */
  entries(): AsyncIterator<unknown> | Iterator<unknown> | null {
    try {
      return iteratorOf(this.#store.iterator?.(this.#store.namespace) ?? this.#store.entries?.())
    } catch (error) {
      throw storeFailure(this.#replica, error, 'read')
    }
  }

  async disconnect(isForced: boolean): Promise<void> {
    await this.#store.disconnect?.(isForced)
  }

  async #read(keys: string[]): Promise<unknown[]> {
    const stored = await (this.#store.getMany?.(keys) ?? eachOf(keys, (key) => this.#store.get(key)))
    if (Array.isArray(stored) && stored.length === keys.length) return stored
    throw new ReplicaError('CORRUPT', `the store did not answer ${keys.length} keys with as many values`, {
      replica: this.#replica,
    })
  }

  async #write(writes: readonly StoreWrite[]): Promise<unknown[]> {
    const entries = writes.map((write) => this.#entryOf(write))
    if (this.#store.setMany === undefined) {
      return await eachOf(entries, ({ key, value, ttl, expires }) => this.#store.set(key, value, expires ?? ttl))
    }
    const answer = await this.#store.setMany(entries)
    return Array.isArray(answer) ? answer : [answer]
  }

  async #remove(keys: string[]): Promise<unknown> {
    return await (this.#store.deleteMany?.(keys) ?? eachOf(keys, (key) => this.#store.delete(key)))
  }

  #entryOf({ key, text, expiresAtMs }: StoreWrite): KeyvStoreEntry {
    const entry = { key: this.#prefix + key, value: text }
    if (expiresAtMs === null) return entry
    if (this.#isExpiryAbsolute) return { ...entry, expires: expiresAtMs }
    return { ...entry, ttl: Math.max(1, Math.ceil(expiresAtMs - this.#clock.nowMs())) }
  }

  async #failing<Answer>(phase: StorePhase, call: () => Promise<Answer>): Promise<Answer> {
    try {
      return await call()
    } catch (error) {
      throw storeFailure(this.#replica, error, phase)
    }
  }

  #refused(what: string, errorsBefore: number): ReplicaError {
    if (this.#errorsEmitted !== errorsBefore) return this.emittedFailure('write')
    return new ReplicaError('REJECTED', `the store refused ${what} without a reason`, { replica: this.#replica })
  }

  #noteError(error: unknown): void {
    this.#errorsEmitted += 1
    this.#lastError = error
  }
}

/** The official Redis adapters answer failures with misses unless they are told not to. */
function makeThrow(store: KeyvStoreLike): void {
  for (const setting of ['throwOnErrors', 'throwOnConnectError']) {
    if (Reflect.get(store, setting) === false) Reflect.set(store, setting, true)
  }
}

function iteratorOf(listed: unknown): AsyncIterator<unknown> | Iterator<unknown> | null {
  if (typeof listed !== 'object' || listed === null) return null
  if (Symbol.asyncIterator in listed) return (listed as AsyncIterable<unknown>)[Symbol.asyncIterator]()
  return Symbol.iterator in listed ? (listed as Iterable<unknown>)[Symbol.iterator]() : null
}

/**
 * One call an item, a few at a time, for stores without batches. After a failure no more are started, and it rejects
 * when all that were started have settled: until then a write may still land.
 */
async function eachOf<Item, Answer>(
  items: readonly Item[],
  call: (item: Item) => Answer | Promise<Answer>,
): Promise<Awaited<Answer>[]> {
  const answers: Awaited<Answer>[] = []
  const failures: unknown[] = []
  const upcoming = items.entries()
  const lane = async () => {
    for (const [index, item] of upcoming) {
      if (failures.length > 0) return
      answers[index] = await call(item)
    }
  }
  const note = (failure: unknown) => failures.push(failure)
  await Promise.all(Array.from({ length: Math.min(singleCallsAtOnce, items.length) }, () => lane().catch(note)))
  if (failures.length > 0) throw failures[0]
  return answers
}
