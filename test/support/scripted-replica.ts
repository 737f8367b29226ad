import type { HashRange } from '../../src/core/hash.ts'
import type { RecordHead, ScanEntry } from '../../src/core/record.ts'
import { isRetired } from '../../src/core/retirement.ts'
import { ReplicaError, type ReplicaErrorCode } from '../../src/errors.ts'
import type { ReplicaCall } from '../../src/events.ts'
import type {
  CallOptions,
  ChangesOptions,
  ChangesStep,
  DigestOptions,
  DigestStep,
  Entry,
  PutOutcome,
  ReadAnswer,
  Replica,
  ReplicaGuarantees,
  ReplicaLimits,
  ScanOptions,
  VersionAnswer,
} from '../../src/replica.ts'
import type { Timers } from '../../src/runtime.ts'
import { ScriptedStore } from './scripted-store.ts'

/** How long one way takes: no time, so many ms, until released, or for ever. */
export type Way = 'at once' | 'until released' | 'for ever' | number

/** What becomes of one call. Left out: it is applied and answered at once. */
export interface Fate {
  /** The way of the request to the replica; nothing is applied before its end. */
  readonly there?: Way
  /** The way of the answer back to the caller. */
  readonly back?: Way
  /** Rejects in place of an answer, with the request applied or not. */
  readonly failure?: { readonly code: ReplicaErrorCode; readonly isApplied: boolean }
  /** Rejects with something that is no `ReplicaError`. */
  readonly throws?: unknown
  /** What the caller is given in place of the answers. */
  readonly garble?: (answers: readonly unknown[]) => unknown
}

export type ScriptedCall =
  | { readonly method: 'getMany' | 'getVersions'; readonly keys: readonly string[]; readonly options: CallOptions }
  | { readonly method: 'putManyIfNewer'; readonly entries: readonly Entry[]; readonly options: CallOptions }
  | { readonly method: 'purgeMany'; readonly heads: readonly RecordHead[]; readonly options: CallOptions }
  | { readonly method: 'scan'; readonly range: HashRange; readonly options: ScanOptions }
  | { readonly method: 'digest'; readonly range: HashRange; readonly options: DigestOptions }
  | { readonly method: 'changes'; readonly after: string | null; readonly options: ChangesOptions }
  | { readonly method: 'lineage'; readonly options: CallOptions }

/** Is told what goes on at the replica itself, whatever the caller sees of it. */
export interface ReplicaWatcher {
  called?(replica: ScriptedReplica, call: ScriptedCall): void
  answers?(replica: ScriptedReplica, call: ScriptedCall, answers: readonly unknown[]): void
}

export interface ScriptedReplicaOptions {
  readonly guarantees?: ReplicaGuarantees
  readonly limits?: ReplicaLimits
  readonly watcher?: ReplicaWatcher
  /** What lies behind it. Several replicas over one store are the connections of several processes. Default: one of its own. */
  readonly store?: ScriptedStore
  /** What is optional in the port, and it does not have or tell. Default: it has all of it. */
  readonly lacks?: readonly ('digest' | 'changes' | 'retired')[]
}

/**
 * A replica that does as it is told: every answer can be held, delayed, failed, garbled, or never come. Its answers are
 * vouched for as the port says: the first call that meets another lineage than the one that was told is refused.
 */
export class ScriptedReplica implements Replica {
  readonly id: string
  readonly guarantees: ReplicaGuarantees
  readonly limits: ReplicaLimits
  readonly store: ScriptedStore
  declare readonly digest?: NonNullable<Replica['digest']>
  declare readonly changes?: NonNullable<Replica['changes']>
  readonly #countsRetired: boolean
  /** Every call that ever came in. */
  readonly calls: ScriptedCall[]
  /** The most heads in a page of a scan, when the caller would take more. */
  pageKeysMax = Number.POSITIVE_INFINITY
  /** The most records that a step of a digest looks at. */
  digestStepRecordsMax = 10_000
  /** Decides what becomes of a call when it comes in. */
  fate: (call: ScriptedCall) => Fate = () => ({})
  readonly #timers: Timers
  readonly #watcher: ReplicaWatcher
  readonly #connections: ScriptedReplica[] = []
  /** The replica that this is a further connection to; itself for the first. */
  #origin: ScriptedReplica = this
  readonly #called: ScriptedCall[] = []
  readonly #waiting: (() => void)[] = []
  /** The lineage that vouches for what it answers; null when none does. */
  #lineageTold: string | null = null
  #isClosed = false
  #callsUnderWay = 0
  #callsHung = 0
  #callsUnderWayMax = 0

  constructor(id: string, timers: Timers, options: ScriptedReplicaOptions = {}) {
    this.id = id
    this.calls = this.#called
    this.#timers = timers
    this.#watcher = options.watcher ?? {}
    this.guarantees = options.guarantees ?? { putIfNewer: 'atomic', sharedBy: 'network', backend: 'scripted' }
    this.limits = options.limits ?? { batchKeysMax: 1_000, callsInFlightMax: 64 }
    this.store = options.store ?? new ScriptedStore(`lineage of ${id}`)
    this.#countsRetired = !options.lacks?.includes('retired')
    if (!options.lacks?.includes('digest')) this.digest = (range, given) => this.#digest(range, given)
    if (!options.lacks?.includes('changes')) this.changes = (after, given) => this.#changes(after, given)
  }

  /** Of the store behind it: what `lineage` tells, and what vouches for answers. */
  get lineageId(): string {
    return this.store.lineageId
  }

  set lineageId(lineageId: string) {
    this.store.lineageId = lineageId
  }

  /** Everything is lost, as when a server restarts without its data: the lineage is another one. */
  wipe(): void {
    this.store.lose()
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /**
   * The connection of another process: what is behind it, and what becomes of its calls, is told to this one, and counted
   * here; what vouches for its answers, and whether it is closed, is its own.
   */
  connect(): ScriptedReplica {
    const { guarantees, limits, store } = this
    const connection = new ScriptedReplica(this.id, this.#timers, { guarantees, limits, store, watcher: this.#watcher })
    connection.#origin = this
    this.#connections.push(connection)
    return connection
  }

  /** Calls that have come in and not ended. */
  get callsUnderWay(): number {
    return this.#connections.reduce((sum, connection) => sum + connection.callsUnderWay, this.#callsUnderWay)
  }

  /** Those of them that never will end. */
  get callsHung(): number {
    return this.#connections.reduce((sum, connection) => sum + connection.callsHung, this.#callsHung)
  }

  /** The most calls there have been under way at once. */
  get callsUnderWayMax(): number {
    return this.#callsUnderWayMax
  }

  callsOf(method: ReplicaCall): ScriptedCall[] {
    return this.calls.filter((call) => call.method === method)
  }

  /** Lets those go on that wait to be released: all of them, or the first so many. */
  release(count = this.#waiting.length): void {
    for (const goOn of this.#waiting.splice(0, count)) goOn()
  }

  getMany(keys: readonly string[], options: CallOptions): Promise<readonly ReadAnswer[]> {
    return this.#carryOut({ method: 'getMany', keys, options }, () => keys.map((key) => this.store.get(key)))
  }

  getVersions(keys: readonly string[], options: CallOptions): Promise<readonly VersionAnswer[]> {
    return this.#carryOut({ method: 'getVersions', keys, options }, () => keys.map((key) => this.store.getVersion(key)))
  }

  putManyIfNewer(entries: readonly Entry[], options: CallOptions): Promise<readonly PutOutcome[]> {
    const call = { method: 'putManyIfNewer', entries, options } as const
    return this.#carryOut(call, () => entries.map((entry) => this.store.put(entry)))
  }

  purgeMany(heads: readonly RecordHead[], options: CallOptions): Promise<readonly boolean[]> {
    return this.#carryOut({ method: 'purgeMany', heads, options }, () => heads.map((head) => this.store.purge(head)))
  }

  async *scan(range: HashRange, options: ScanOptions): AsyncGenerator<readonly ScanEntry[]> {
    const heads = this.store.heads(range, options)
    const call = { method: 'scan', range, options } as const
    do {
      options.signal?.throwIfAborted()
      const page = heads.splice(0, Math.min(options.pageKeysMax, this.#origin.pageKeysMax))
      yield await this.#carryOut(call, () => page)
    } while (heads.length > 0)
    options.signal?.throwIfAborted()
  }

  async lineage(options: CallOptions): Promise<string> {
    const [lineage] = await this.#carryOut({ method: 'lineage', options }, () => {
      this.#lineageTold = this.lineageId
      return [this.lineageId]
    })
    return lineage ?? ''
  }

  async close(): Promise<void> {
    this.#isClosed = true
  }

  async *#digest(range: HashRange, options: DigestOptions): AsyncGenerator<DigestStep> {
    const heads = this.store.heads(range)
    const call = { method: 'digest', range, options } as const
    do {
      options.signal?.throwIfAborted()
      const part = heads.splice(0, this.digestStepRecordsMax)
      const steps = await this.#carryOut(call, () => [
        {
          records: part.length,
          sums: this.store.digestOf(part, options.retirement),
          ...(this.#countsRetired && { retired: part.filter((head) => isRetired(head, options.retirement)).length }),
        },
      ])
      yield* steps
    } while (heads.length > 0)
  }

  async *#changes(after: string | null, options: ChangesOptions): AsyncGenerator<ChangesStep> {
    const call = { method: 'changes', after, options } as const
    const steps = this.store.log.stepsAfter(after)
    for (const step of steps) {
      options.signal?.throwIfAborted()
      yield* await this.#carryOut(call, () => [step])
    }
  }

  /** Refuses the first call under another lineage than the one that was told; later ones go unvouched. */
  #vouch(call: ScriptedCall): void {
    if (call.method === 'lineage' || this.#lineageTold === null || this.#lineageTold === this.lineageId) return
    this.#lineageTold = null
    throw new ReplicaError('UNAVAILABLE', 'its lineage has changed', { replica: this.id })
  }

  async #carryOut<Answer>(call: ScriptedCall, apply: () => readonly Answer[]): Promise<readonly Answer[]> {
    this.#origin.#called.push(call)
    this.#watcher.called?.(this, call)
    this.#callsUnderWay += 1
    this.#callsUnderWayMax = Math.max(this.#callsUnderWay, this.#callsUnderWayMax)
    try {
      return await this.#fare(call, this.#origin.fate(call), apply)
    } finally {
      this.#callsUnderWay -= 1
    }
  }

  async #fare<Answer>(call: ScriptedCall, fate: Fate, apply: () => readonly Answer[]): Promise<readonly Answer[]> {
    if (this.#isClosed) throw new ReplicaError('CLOSED', 'it was closed', { replica: this.id })
    await this.#travel(fate.there ?? 'at once')
    if (fate.failure?.isApplied === false) throw this.#failure(fate.failure.code)
    if (fate.throws !== undefined) throw fate.throws
    this.#vouch(call)
    const answers = apply()
    await this.#travel(fate.back ?? 'at once')
    if (fate.failure !== undefined) throw this.#failure(fate.failure.code)
    this.#watcher.answers?.(this, call, answers)
    return fate.garble === undefined ? answers : (fate.garble(answers) as readonly Answer[])
  }

  #travel(way: Way): Promise<void> | undefined {
    if (way === 'at once') return undefined
    if (way === 'for ever') this.#callsHung += 1
    return new Promise((resolve) => {
      if (way === 'until released') this.#origin.#waiting.push(resolve)
      else if (way !== 'for ever') this.#timers.after(way, resolve)
    })
  }

  #failure(code: ReplicaErrorCode): ReplicaError {
    return new ReplicaError(code, `scripted ${code.toLowerCase()}`, { replica: this.id })
  }
}

/** What a call may meet, by name. */
export const fates = {
  refused: { failure: { code: 'UNAVAILABLE', isApplied: false } },
  rejected: { failure: { code: 'REJECTED', isApplied: false } },
  answerLost: { failure: { code: 'TIMEOUT', isApplied: true } },
  hung: { there: 'for ever' },
  held: { back: 'until released' },
  heldBack: { there: 'until released' },
} as const satisfies Readonly<Record<string, Fate>>
