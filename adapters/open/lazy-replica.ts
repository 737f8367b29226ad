import { addToDigest, emptyDigest } from '../../src/core/digest.ts'
import { type HashRange, keyHash } from '../../src/core/hash.ts'
import { isRetired } from '../../src/core/retirement.ts'
import { ReplicaError } from '../../src/errors.ts'
import type {
  ChangesOptions,
  ChangesStep,
  DigestOptions,
  DigestStep,
  Replica,
  ReplicaGuarantees,
  ReplicaLimits,
  ScanOptions,
} from '../../src/replica.ts'
import { type Runtime, systemRuntime } from '../../src/runtime.ts'

const scanPageKeysMax = 1_000

/** What is known of a replica before its adapter is loaded. */
export interface LazyReplicaFacts {
  readonly id: string
  readonly guarantees: ReplicaGuarantees
  readonly limits: ReplicaLimits
}

/** Imports the adapter and its driver, and connects to nothing: the replica comes into being at the first call. */
export type LoadReplica = () => Promise<() => Replica>

/**
 * A replica whose adapter and driver are loaded when they are needed, so that an application pays only for the backends
 * that it uses. Loading starts at once, in the background, so that the first call need not wait for all of it. Loading
 * that failed is tried again by the next call.
 *
 * Whether the adapter has the optional methods is not known before, so this has them all, and makes up for what is
 * lacking.
 */
export function lazyReplica(
  facts: LazyReplicaFacts,
  load: LoadReplica,
  runtime: Pick<Runtime, 'clock' | 'timers'> = systemRuntime,
): Replica {
  const lazy = new LazyLoad(facts.id, load, runtime)
  const { id, guarantees, limits } = facts
  return {
    id,
    guarantees,
    limits,
    getMany: (keys, options) => lazy.call(options, (replica, given) => replica.getMany(keys, given)),
    getVersions: (keys, options) => lazy.call(options, (replica, given) => replica.getVersions(keys, given)),
    putManyIfNewer: (entries, options) =>
      lazy.call(options, (replica, given) => replica.putManyIfNewer(entries, given)),
    purgeMany: (heads, options) => lazy.call(options, (replica, given) => replica.purgeMany(heads, given)),
    lineage: (options) => lazy.call(options, (replica, given) => replica.lineage(given)),
    async *scan(range, options: ScanOptions) {
      const replica = await lazy.replica(options.pageTimeoutMs)
      yield* replica.scan(range, options)
    },
    async *digest(range, options: DigestOptions) {
      const replica = await lazy.replica(options.stepTimeoutMs)
      yield* replica.digest?.(range, options) ?? digestByScan(replica, range, options)
    },
    async *changes(after, options: ChangesOptions) {
      const replica = await lazy.replica(options.stepTimeoutMs)
      yield* replica.changes?.(after, options) ?? noChangesKnown(after)
    },
    close: () => lazy.close(),
  }
}

/** For an adapter without digests: what the store would do with its scan. The sums come with the last step. */
async function* digestByScan(replica: Replica, range: HashRange, options: DigestOptions): AsyncGenerator<DigestStep> {
  const { stepTimeoutMs: pageTimeoutMs, retirement, ...given } = options
  const sums = emptyDigest()
  for await (const page of replica.scan(range, { ...given, pageTimeoutMs, pageKeysMax: scanPageKeysMax })) {
    let retired = 0
    for (const entry of page) {
      if (isRetired(entry, retirement)) retired += 1
      else addToDigest(sums, keyHash(entry.key), entry.checksum)
    }
    yield { records: page.length, sums: null, retired }
  }
  yield { records: 0, sums, retired: 0 }
}

/** For an adapter without a log of changes: it reaches back to nowhere. */
function noChangesKnown(after: string | null): ChangesStep[] {
  const step = { keys: [], position: 'no log' }
  return [after === null ? step : { ...step, isGap: true }]
}

class LazyLoad {
  readonly #id: string
  readonly #load: LoadReplica
  readonly #runtime: Pick<Runtime, 'clock' | 'timers'>
  #loading: Promise<() => Replica> | null = null
  #replica: Replica | null = null
  #isClosed = false

  constructor(id: string, load: LoadReplica, runtime: Pick<Runtime, 'clock' | 'timers'>) {
    this.#id = id
    this.#load = load
    this.#runtime = runtime
    // Whoever calls first hears of a failure; nobody listens yet.
    this.#loaded().catch(() => undefined)
  }

  call<Options extends { readonly timeoutMs: number }, Answer>(
    options: Options,
    run: (replica: Replica, options: Options) => Promise<Answer>,
  ): Promise<Answer> {
    if (this.#replica !== null) return run(this.#replica, options)
    return this.#callLate(options, run)
  }

  async #callLate<Options extends { readonly timeoutMs: number }, Answer>(
    options: Options,
    run: (replica: Replica, options: Options) => Promise<Answer>,
  ): Promise<Answer> {
    const startedMs = this.#runtime.clock.monotonicMs()
    const replica = await this.replica(options.timeoutMs)
    const waitedMs = this.#runtime.clock.monotonicMs() - startedMs
    return run(replica, { ...options, timeoutMs: Math.max(1, options.timeoutMs - waitedMs) })
  }

  async replica(timeoutMs: number): Promise<Replica> {
    this.#assertOpen()
    const make = await this.#within(timeoutMs)
    this.#assertOpen()
    this.#replica ??= this.#made(make)
    return this.#replica
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#replica?.close()
  }

  /** After `close()` of a replica that was never made, there is none that could reject. */
  #assertOpen(): void {
    if (this.#isClosed && this.#replica === null) {
      throw new ReplicaError('CLOSED', 'it was closed', { replica: this.#id })
    }
  }

  #loaded(): Promise<() => Replica> {
    this.#loading ??= this.#load().catch((cause: unknown) => {
      this.#loading = null
      throw this.#unavailable('its adapter could not be loaded', cause)
    })
    return this.#loading
  }

  #made(make: () => Replica): Replica {
    try {
      return make()
    } catch (cause) {
      throw this.#unavailable('it could not be opened', cause)
    }
  }

  #unavailable(message: string, cause: unknown): ReplicaError {
    return new ReplicaError('UNAVAILABLE', message, { replica: this.#id, cause })
  }

  #within(timeoutMs: number): Promise<() => Replica> {
    return new Promise((resolve, reject) => {
      const cancel = this.#runtime.timers.after(timeoutMs, () => {
        reject(new ReplicaError('TIMEOUT', `its adapter was not loaded within ${timeoutMs} ms`, { replica: this.#id }))
      })
      this.#loaded().then(resolve, reject).finally(cancel)
    })
  }
}
