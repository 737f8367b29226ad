import type { QuorumOptions } from '../../src/config.ts'
import { Ledger } from '../../src/core/ledger.ts'
import type { RecordStamp, VersionedRecord } from '../../src/core/record.ts'
import type { Version } from '../../src/core/version.ts'
import { type OpenStore, openStore, scriptedReplicas } from '../support/open-store.ts'
import type { Fate, ScriptedCall, ScriptedReplica } from '../support/scripted-replica.ts'
import { namedWriter } from '../support/seeded-random.ts'
import { type SimulatedRuntime, SimulatedTime } from '../support/simulated-time.ts'

/** What is done in a history, one after the other; operations are not waited for. */
export type Step =
  | {
      readonly do: 'set' | 'delete' | 'read' | 'clear'
      readonly client: number
      readonly key: string
      readonly ttlMs: number | null
    }
  | { readonly do: 'fault'; readonly replica: number; readonly fate: Fate }
  | { readonly do: 'skew'; readonly client: number; readonly skewMs: number }
  | { readonly do: 'damage'; readonly replica: number; readonly key: string }
  /** It loses everything and its lineage tells, unless another one that did is not filled again yet. */
  | { readonly do: 'wipe'; readonly replica: number }
  | { readonly do: 'sweep'; readonly client: number }
  | { readonly do: 'pause'; readonly ms: number }

/** An operation as it went. `began` and `ended` number all beginnings and ends in their order. */
export interface Operation {
  readonly do: 'set' | 'delete' | 'read' | 'clear'
  readonly key: string
  readonly client: number
  readonly began: number
  readonly beganAtMs: number
  /** What a set wrote. */
  readonly payload: string | null
  ended: number
  endedAtMs: number
  result: 'open' | 'done' | 'failed'
  error: unknown
  /** What a read found. */
  record: VersionedRecord | null
  /** The last version that a write was tried with. */
  version: Version
}

export interface HistoryPlan {
  readonly n: number
  readonly options: QuorumOptions
  readonly clients: number
  readonly steps: readonly Step[]
}

const writers = 'abcdef'
const walks: ReadonlySet<ScriptedCall['method']> = new Set(['scan', 'digest', 'changes', 'lineage'])

/** Plays a history over scripted replicas, in simulated time. */
export class History {
  readonly time = new SimulatedTime(100_000)
  readonly operations: Operation[] = []
  readonly replicas: readonly ScriptedReplica[]
  readonly stores: readonly OpenStore[]
  /** Every record that was ever put, by version. */
  readonly puts = new Map<Version, VersionedRecord>()
  readonly #runtimes: readonly SimulatedRuntime[]
  readonly #busy = new Set<string>()
  #count = 0

  constructor({ n, options, clients }: HistoryPlan) {
    const watcher = { called: (_replica: ScriptedReplica, call: ScriptedCall) => this.#notePuts(call) }
    this.replicas = scriptedReplicas(this.time, n, { watcher })
    this.#runtimes = [...writers.slice(0, clients)].map((name) => this.time.runtime({ random: namedWriter(name) }))
    this.stores = this.#runtimes.map((runtime) => {
      const connections = this.replicas.map((replica) => replica.connect())
      return openStore(runtime, connections, options)
    })
  }

  async play(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      if (step.do === 'pause') await this.time.advance(step.ms)
      else this.#carryOut(step)
    }
  }

  /** All faults end, all that is on its way arrives, and what was written is no longer fresh to any clock. */
  async heal(): Promise<void> {
    for (const replica of this.replicas) replica.fate = () => ({})
    for (const runtime of this.#runtimes) runtime.skewMs = 0
    await this.time.advance(100_000)
  }

  /** Begins an operation of a client; null while it is still writing that key. */
  begin(kind: Operation['do'], client: number, key: string, ttlMs: number | null = null): Operation | null {
    const store = this.stores[client % this.stores.length]
    const writing = `${client % this.stores.length} ${key}`
    if (store === undefined || (kind !== 'read' && this.#busy.has(writing))) return null
    const operation = this.#newOperation(kind, client % this.stores.length, key)
    if (kind !== 'read') this.#busy.add(writing)
    void this.#run(store, operation, ttlMs)
      .then(
        (record) => this.#end(operation, 'done', record),
        (error: unknown) => this.#end(operation, 'failed', null, error),
      )
      .finally(() => {
        operation.version = this.#latestOf(client % this.stores.length, key)
        if (kind !== 'read') this.#busy.delete(writing)
      })
    return operation
  }

  /** Whether every replica is on record with the lineage that it has. */
  get isHealed(): boolean {
    const ledger = new Ledger()
    const keys = Ledger.keysFor(this.replicas.map(({ id }) => id))
    for (const { store } of this.replicas) ledger.observe(keys.map((key) => store.peek(key)))
    return ledger.isEmpty || this.replicas.every(({ id, lineageId }) => ledger.replica(id)?.lineage === lineageId)
  }

  #carryOut(step: Exclude<Step, { do: 'pause' }>): void {
    if (step.do === 'fault') {
      const replica = this.replicas[step.replica % this.replicas.length]
      if (replica !== undefined) replica.fate = (call) => fateOf(call, step.fate)
    } else if (step.do === 'wipe') {
      if (this.isHealed) this.replicas[step.replica % this.replicas.length]?.wipe()
    } else if (step.do === 'sweep') {
      void this.stores[step.client % this.stores.length]?.engine.sweep()
    } else if (step.do === 'skew') {
      const runtime = this.#runtimes[step.client % this.#runtimes.length]
      if (runtime !== undefined) runtime.skewMs = step.skewMs
    } else if (step.do === 'damage')
      this.replicas[step.replica % this.replicas.length]?.store.damage(step.key, 'payload')
    else this.begin(step.do, step.client, step.key, step.ttlMs)
  }

  #newOperation(kind: Operation['do'], client: number, key: string): Operation {
    this.#count += 1
    const operation: Operation = {
      do: kind,
      key,
      client,
      began: this.#count,
      beganAtMs: this.time.nowMs,
      payload: kind === 'set' ? `s${this.#count}` : null,
      ended: Number.POSITIVE_INFINITY,
      endedAtMs: Number.POSITIVE_INFINITY,
      result: 'open',
      error: null,
      record: null,
      version: '',
    }
    this.operations.push(operation)
    return operation
  }

  async #run(store: OpenStore, operation: Operation, ttlMs: number | null): Promise<VersionedRecord | null> {
    const { key, payload } = operation
    if (operation.do === 'read') return store.operations.read(key)
    if (operation.do === 'clear') await store.operations.clear('')
    else if (operation.do === 'delete') await store.operations.delete(key)
    else {
      const expiresAtMs = ttlMs === null ? null : store.engine.nowMs() + ttlMs
      await store.operations.set({ key, payload: payload ?? '', expiresAtMs })
    }
    return null
  }

  #end(operation: Operation, result: 'done' | 'failed', record: VersionedRecord | null, error?: unknown): void {
    this.#count += 1
    Object.assign(operation, { result, record, error, ended: this.#count, endedAtMs: this.time.nowMs })
  }

  #notePuts(call: ScriptedCall): void {
    if (call.method !== 'putManyIfNewer') return
    for (const { record } of call.entries) this.puts.set(record.version, record)
  }

  /** A client writes a key once at a time, so its latest version of the key is that of its last attempt. */
  #latestOf(client: number, key: string): Version {
    const writer = writers.charAt(client).repeat(12)
    const own = [...this.puts.values()].filter((record) => record.key === key && record.version.endsWith(writer))
    return own.reduce((latest, { version }) => (version > latest ? version : latest), '')
  }
}

/** A page that leaves heads out cannot be told from a whole one: that no replica may do. */
function fateOf(call: ScriptedCall, fate: Fate): Fate {
  return walks.has(call.method) && fate.garble !== undefined ? { ...fate, garble: () => undefined } : fate
}

/** `''` is older than any version: what a read that found nothing saw. */
export function versionRead({ record }: { readonly record: RecordStamp | null }): Version {
  return record?.version ?? ''
}
