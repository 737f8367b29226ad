import { type Quorum, type QuorumWish, resolveQuorum } from './config.ts'
import { iterationLimits } from './coordinator/iterate.ts'
import type { Operations } from './coordinator/operations.ts'
import { keyText, namespacePrefix, parseKeyText } from './core/key.ts'
import type { VersionedRecord } from './core/record.ts'
import type { Engine } from './engine.ts'
import type { Listener, QuorumEvent, QuorumEventOf, QuorumEventType } from './events.ts'
import type { Explanation } from './explain.ts'
import { describeGuarantees, type Guarantees } from './guarantees.ts'
import { KeyvContract } from './keyv-contract.ts'
import { type KeyvStorageCapabilities, keyvCapabilities, keyvOpts } from './keyv-detection.ts'
import { decodePayload, encodePayload } from './payload.ts'
import type { ReplicaState } from './replica-state.ts'

/** An entry of `setMany`: keyv 6 gives `expires`, an absolute time in ms; keyv 5 gives `ttl` in ms. */
export interface SetEntry {
  readonly key: string
  readonly value: unknown
  readonly expires?: number | undefined
  readonly ttl?: number | undefined
}

type ListenedType = QuorumEventType | 'event' | 'error'
/** At `'error'` nothing is ever heard, so a listener of any kind fits. */
type HeardAt<Type extends ListenedType> = Type extends QuorumEventType
  ? QuorumEventOf<Type>
  : Type extends 'event'
    ? QuorumEvent
    : never

/**
 * The store as Keyv sees it: a namespace, an r and a w over the replicas of one `KeyvQuorum`.
 *
 * Every method that reaches the replicas rejects with a `QuorumError` when too few of them answer in time; an answer is
 * never made up. `set` and `setMany` reject with a `ValueError` for what cannot be stored.
 */
export class QuorumView {
  protected readonly engine: Engine
  readonly #quorumOf: () => Quorum
  readonly #operations: Operations
  readonly #contract: KeyvContract
  #namespace: string | undefined
  #prefix = namespacePrefix(undefined)

  /** @param quorumOf asked anew for every batch, because replicas come and go */
  constructor(engine: Engine, quorumOf: () => Quorum, namespace?: string) {
    this.engine = engine
    this.#quorumOf = quorumOf
    this.#operations = engine.operations(quorumOf)
    this.#contract = new KeyvContract(engine.options.keyv)
    this.namespace = namespace
  }

  /** Set by Keyv. No key of one namespace is ever seen in another. */
  get namespace(): string | undefined {
    return this.#namespace
  }

  set namespace(namespace: string | undefined) {
    this.#namespace = namespace
    this.#prefix = namespacePrefix(namespace)
  }

  /** Read by keyv 6: this store takes absolute expiry times and needs no bridge. */
  get capabilities(): KeyvStorageCapabilities {
    this.#contract.noteCapabilitiesRead()
    return keyvCapabilities
  }

  /** Read by keyv 5, which offers an iterator only for stores that it finds in here. */
  get opts(): Record<string, unknown> {
    this.#contract.noteOptsRead()
    return this.#opts
  }

  readonly #opts: Record<string, unknown> = { ...keyvOpts }

  /** How the replicas stand. */
  get replicas(): readonly ReplicaState[] {
    return this.engine.replicas
  }

  /**
   * Which of the guarantees G1 to G9 hold as this store is configured, and why. Those of a view are for calls through the
   * view, beside a store that goes on reading and writing with its own r and w.
   */
  get guarantees(): Guarantees {
    const { options, replicas } = this.engine
    const { r, w, allowStale } = this.#quorumOf()
    return describeGuarantees({ ...options, r, w, allowStale }, replicas, options)
  }

  get<Value>(key: string): Promise<Value | undefined>
  async get(key: string): Promise<unknown> {
    return valueIn(await this.#operations.readLive(this.#text(key)))
  }

  getMany<Value>(keys: readonly string[]): Promise<(Value | undefined)[]>
  async getMany(keys: readonly string[]): Promise<unknown[]> {
    const records = await this.#operations.readLiveMany(keys.map((key) => this.#text(key)))
    return records.map(valueIn)
  }

  /** @param time keyv 6: when the value expires, in ms since 1970; keyv 5: its ttl in ms */
  async set(key: string, value: unknown, time?: number): Promise<boolean> {
    const expiresAtMs = this.#contract.expiresAtMs(time, this.engine.nowMs())
    await this.#operations.set({ key: this.#text(key), payload: encodePayload(value), expiresAtMs })
    return true
  }

  /** Each entry is a write of its own. Rejects when any of them got no quorum; the others may have been written. */
  setMany(entries: readonly SetEntry[]): Promise<boolean[]> & Promise<void>
  async setMany(entries: readonly SetEntry[]): Promise<boolean[]> {
    return Promise.all(entries.map(({ key, value, expires, ttl }) => this.set(key, value, expires ?? ttl)))
  }

  /** @returns whether a live value was deleted */
  async delete(key: string): Promise<boolean> {
    return this.#operations.delete(this.#text(key))
  }

  /** @returns for each key whether a live value was deleted; for keyv 5, whether all were */
  deleteMany(keys: readonly string[]): Promise<boolean[]> & Promise<boolean>
  async deleteMany(keys: readonly string[]): Promise<boolean[] | boolean> {
    return this.#contract.deletions(await Promise.all(keys.map((key) => this.delete(key))))
  }

  async has(key: string): Promise<boolean> {
    return this.#operations.isLive(this.#text(key))
  }

  async hasMany(keys: readonly string[]): Promise<boolean[]> {
    return Promise.all(keys.map((key) => this.has(key)))
  }

  /** Deletes every key of the namespace that was acknowledged before; what is written meanwhile survives. */
  async clear(): Promise<void> {
    await this.#operations.clear(this.#prefix)
  }

  /** Every key of the namespace with its value, each once, in no order. */
  iterator<Value>(): AsyncGenerator<[string, Awaited<Value> | undefined], void>
  async *iterator(): AsyncGenerator<[string, unknown]> {
    for await (const records of this.#operations.iterate(this.#prefix, iterationLimits)) {
      for (const record of records) yield [parseKeyText(record.key).key, decodePayload(record.payload)]
    }
  }

  /**
   * The same store with another r or w, for calls that can do with less or want more:
   * `store.withQuorum({ r: 1, allowStale: true })`. What is left open stays as it is here.
   *
   * The others go on with the w of the store, so without `allowStale` the view's r must meet that w, however large its
   * own, and its own must not be less. A linearizable store has no weak views, whatever `allowStale` says.
   *
   * @throws ConfigError when the numbers do not fit
   */
  withQuorum(wish: QuorumWish): QuorumView {
    const { engine } = this
    let options = engine.options
    let quorum = resolveQuorum(wish, this.#quorumOf(), options)
    const quorumOf = () => {
      if (engine.options !== options) quorum = resolveQuorum(wish, this.#quorumOf(), engine.options)
      options = engine.options
      return quorum
    }
    return new QuorumView(engine, quorumOf, this.#namespace)
  }

  /**
   * The same store with a namespace of its own: give each Keyv one, when several share a store, because a Keyv sets the
   * namespace of the store that it was given.
   */
  withNamespace(namespace: string | undefined): QuorumView {
    return new QuorumView(this.engine, this.#quorumOf, namespace)
  }

  /** The replicas belong to the store that opened them: disconnecting a view of it leaves them alone. */
  async disconnect(): Promise<void> {}

  /** `'event'` is told every event. `'error'` is there because each Keyv listens to it; the store never emits it. */
  on<Type extends ListenedType>(type: Type, listener: (event: HeardAt<Type>) => void): this {
    this.engine.events.on(type, listener as Listener)
    return this
  }

  once<Type extends ListenedType>(type: Type, listener: (event: HeardAt<Type>) => void): this {
    this.engine.events.once(type, listener as Listener)
    return this
  }

  off<Type extends ListenedType>(type: Type, listener: (event: HeardAt<Type>) => void): this {
    this.engine.events.off(type, listener as Listener)
    return this
  }

  /** What every replica holds for a key, as it says itself, and what wins. */
  explain(key: string): Promise<Explanation> {
    return this.engine.explain(this.#text(key))
  }

  #text(key: string): string {
    return keyText(this.#prefix, key)
  }
}

function valueIn(record: VersionedRecord | null): unknown {
  return record === null ? undefined : decodePayload(record.payload)
}
