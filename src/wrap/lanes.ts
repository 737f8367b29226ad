import { isNotApplied, ReplicaError } from '../errors.ts'
import type { Events } from '../events.ts'
import type { CallOptions, Entry, PutOutcome, ReadAnswer, Replica, VersionAnswer } from '../replica.ts'
import type { Clock } from '../runtime.ts'
import { walksOf } from './decorate.ts'
import { joinPuts, joinReads } from './joins.ts'
import { Lane, type WaitingRequest } from './lane.ts'

export interface LanesOptions {
  /** The most entries that may wait for this replica; further requests are refused. Default 100,000. */
  readonly queuedKeysMax?: number
  /**
   * The most characters of payload that may wait for this replica, unless a single request has more and waits alone;
   * further requests are refused. Default 32,000,000.
   */
  readonly queuedLengthMax?: number
  /** The most characters of payload in one call, unless a single record has more. Default 1,000,000. */
  readonly batchLengthMax?: number
}

export const queuedKeysMaxDefault = 100_000
export const queuedLengthMaxDefault = 32_000_000
export const batchLengthMaxDefault = 1_000_000

/**
 * Keeps at most `limits.callsInFlightMax` calls under way and at most `limits.batchKeysMax` entries in each: what comes
 * meanwhile waits and goes out together, so a slow replica gets fewer and larger calls instead of more of them.
 */
export function withLanes(inner: Replica, clock: Clock, events: Events, options: LanesOptions = {}): Replica {
  const lanes = new Lanes(inner, clock, events, options)
  return {
    id: inner.id,
    guarantees: inner.guarantees,
    limits: inner.limits,
    getMany: (keys, given) => lanes.submit(lanes.reads, keys, given),
    getVersions: (keys, given) => lanes.submit(lanes.versions, keys, given),
    putManyIfNewer: (entries, given) => lanes.submit(lanes.puts, entries, given),
    purgeMany: (heads, given) => inner.purgeMany(heads, given),
    lineage: (given) => inner.lineage(given),
    ...walksOf(inner),
    close: () => inner.close(),
  }
}

class Lanes {
  readonly reads: Lane<string, ReadAnswer>
  readonly versions: Lane<string, VersionAnswer>
  readonly puts: Lane<Entry, PutOutcome>
  readonly #inner: Replica
  readonly #clock: Clock
  readonly #events: Events
  readonly #queuedKeysMax: number
  readonly #queuedLengthMax: number
  #inFlight = 0
  #turn = 0
  #queuedKeys = 0
  #queuedLength = 0

  constructor(inner: Replica, clock: Clock, events: Events, options: LanesOptions) {
    this.#inner = inner
    this.#clock = clock
    this.#events = events
    this.#queuedKeysMax = options.queuedKeysMax ?? queuedKeysMaxDefault
    this.#queuedLengthMax = options.queuedLengthMax ?? queuedLengthMaxDefault
    const size = { keysMax: inner.limits.batchKeysMax, lengthMax: options.batchLengthMax ?? batchLengthMaxDefault }
    this.reads = new Lane<string, ReadAnswer>(
      { join: joinReads, lengthOf: unknownLength, call: (keys, given) => inner.getMany(keys, given) },
      size,
    )
    this.versions = new Lane<string, VersionAnswer>(
      { join: joinReads, lengthOf: unknownLength, call: (keys, given) => inner.getVersions(keys, given) },
      size,
    )
    const put = { join: joinPuts, lengthOf: ({ record }: Entry) => record.payload.length }
    this.puts = new Lane({ ...put, call: (entries, given) => inner.putManyIfNewer(entries, given) }, size)
  }

  async submit<Item, Answer>(
    lane: Lane<Item, Answer>,
    items: readonly Item[],
    options: CallOptions,
  ): Promise<readonly Answer[]> {
    if (items.length === 0) return []
    const parts = lane.parts(items)
    const [only] = parts
    if (only !== undefined && parts.length === 1) return this.#submitPart(lane, only, options)
    const ends = await Promise.allSettled(parts.map((part) => this.#submitPart(lane, part, options)))
    const failures = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []))
    if (failures.length > 0) throw this.#failureOfWhole(failures, parts.length)
    return ends.flatMap((end) => (end.status === 'fulfilled' ? end.value : []))
  }

  #submitPart<Item, Answer>(
    lane: Lane<Item, Answer>,
    items: readonly Item[],
    options: CallOptions,
  ): Promise<readonly Answer[]> {
    if (this.#hasRoom()) return this.#send(() => lane.kind.call(items, options))
    const length = lane.lengthOf(items)
    const reason = this.#reasonToRefuse(items.length, length)
    if (reason !== null) return Promise.reject(this.#refuse(items.length, reason))
    this.#queuedKeys += items.length
    this.#queuedLength += length
    return new Promise((resolve, reject) => {
      lane.push({ items, length, options, sinceMs: this.#clock.monotonicMs(), resolve, reject })
    })
  }

  #hasRoom(): boolean {
    return this.#inFlight < this.#inner.limits.callsInFlightMax
  }

  #send<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    this.#inFlight += 1
    return call().finally(() => {
      this.#inFlight -= 1
      this.#sendWaiting()
    })
  }

  /** The kinds take turns, so that none of them starves while another never pauses. */
  #sendWaiting(): void {
    const sendNext = [
      () => this.#sendNext(this.puts),
      () => this.#sendNext(this.reads),
      () => this.#sendNext(this.versions),
    ]
    for (let idle = 0; idle < sendNext.length && this.#hasRoom(); this.#turn += 1) {
      idle = sendNext[this.#turn % sendNext.length]?.() === true ? 0 : idle + 1
    }
  }

  /** @returns whether a call was sent */
  #sendNext<Item, Answer>(lane: Lane<Item, Answer>): boolean {
    for (let taken = lane.take(); taken.length > 0; taken = lane.take()) {
      const requests = this.#inTime(taken)
      if (requests.length === 0) continue
      const join = lane.kind.join(requests.map(({ items }) => items))
      this.#send(() => lane.kind.call(join.items, joinOptions(requests))).then(
        (answers) => {
          for (const [index, request] of requests.entries()) request.resolve(join.split(index, answers))
        },
        (error: unknown) => {
          for (const request of requests) request.reject(error)
        },
      )
      return true
    }
    return false
  }

  #inTime<Item, Answer>(taken: readonly WaitingRequest<Item, Answer>[]): readonly WaitingRequest<Item, Answer>[] {
    const nowMs = this.#clock.monotonicMs()
    return taken.filter(({ items, length, options, sinceMs, reject }) => {
      this.#queuedKeys -= items.length
      this.#queuedLength -= length
      if (nowMs - sinceMs < (options.queueMs ?? options.timeoutMs)) return true
      reject(this.#failure('UNAVAILABLE', 'not sent: earlier calls took all its time'))
      return false
    })
  }

  /** That nothing was applied can be said only when it is so of every part. */
  #failureOfWhole(failures: readonly unknown[], parts: number): unknown {
    const uncertain = failures.find((failure) => !(failure instanceof ReplicaError && isNotApplied(failure)))
    if (uncertain !== undefined || failures.length === parts) return uncertain ?? failures[0]
    return this.#failure('TIMEOUT', 'only a part of the request was sent', failures[0])
  }

  #reasonToRefuse(count: number, length: number): string | null {
    if (this.#queuedKeys + count > this.#queuedKeysMax) return `${this.#queuedKeysMax} entries wait for it already`
    if (this.#queuedKeys === 0 || this.#queuedLength + length <= this.#queuedLengthMax) return null
    return `${this.#queuedLength} characters wait for it already`
  }

  #refuse(count: number, reason: string): ReplicaError {
    this.#events.emit({ type: 'dropped', work: 'call', replica: this.#inner.id, count, reason })
    return this.#failure('UNAVAILABLE', reason)
  }

  #failure(code: 'UNAVAILABLE' | 'TIMEOUT', reason: string, cause?: unknown): ReplicaError {
    return new ReplicaError(code, reason, { replica: this.#inner.id, cause })
  }
}

/** What a read brings back nobody knows beforehand. */
const unknownLength = () => 0

/** The joined call has the time of its latest request; those with less have a deadline of their own above. */
function joinOptions(requests: readonly { readonly options: CallOptions }[]): CallOptions {
  let timeoutMs = 0
  let lastResort = false
  for (const { options } of requests) {
    timeoutMs = Math.max(timeoutMs, options.timeoutMs)
    lastResort ||= options.lastResort === true
  }
  return lastResort ? { timeoutMs, lastResort } : { timeoutMs }
}
