import { isNotApplied, ReplicaError } from '../errors.ts'
import type { Events } from '../events.ts'
import type { CallOptions, Entry, PutOutcome, ReadAnswer, Replica, VersionAnswer } from '../replica.ts'
import type { Clock } from '../runtime.ts'
import { type Join, joinPuts, joinReads } from './joins.ts'

/** Requests of one kind: how to join them, and whom to ask. */
interface Lane<Item, Answer> {
  readonly join: (requests: readonly (readonly Item[])[]) => Join<Item, Answer>
  readonly call: (items: readonly Item[], options: CallOptions) => Promise<readonly Answer[]>
  readonly waiting: Request<Item, Answer>[]
}

interface Request<Item, Answer> {
  readonly items: readonly Item[]
  readonly options: CallOptions
  readonly sinceMs: number
  readonly resolve: (answers: readonly Answer[]) => void
  readonly reject: (error: unknown) => void
}

export interface LanesOptions {
  /** The most entries that may wait for this replica; further requests are refused. Default 100,000. */
  readonly queuedKeysMax?: number
}

export const queuedKeysMaxDefault = 100_000

/**
 * Keeps at most `limits.callsInFlightMax` calls under way and at most `limits.batchKeysMax` entries in each: what comes
 * meanwhile waits and goes out together, so a slow replica gets fewer and larger calls instead of more of them.
 */
export function withLanes(inner: Replica, clock: Clock, events: Events, options: LanesOptions = {}): Replica {
  const { batchKeysMax, callsInFlightMax } = inner.limits
  const queuedKeysMax = options.queuedKeysMax ?? queuedKeysMaxDefault
  let inFlight = 0
  let queuedKeys = 0

  const reads: Lane<string, ReadAnswer> = {
    join: joinReads,
    call: (keys, given) => inner.getMany(keys, given),
    waiting: [],
  }
  const versions: Lane<string, VersionAnswer> = {
    join: joinReads,
    call: (keys, given) => inner.getVersions(keys, given),
    waiting: [],
  }
  const puts: Lane<Entry, PutOutcome> = {
    join: joinPuts,
    call: (entries, given) => inner.putManyIfNewer(entries, given),
    waiting: [],
  }

  function submit<Item, Answer>(
    lane: Lane<Item, Answer>,
    items: readonly Item[],
    given: CallOptions,
  ): Promise<readonly Answer[]> {
    if (items.length === 0) return Promise.resolve([])
    if (items.length > batchKeysMax) return submitCut(lane, items, given)
    if (inFlight < callsInFlightMax) return send(() => lane.call(items, given))
    if (queuedKeys + items.length > queuedKeysMax) return Promise.reject(refuse(items.length))
    queuedKeys += items.length
    return new Promise((resolve, reject) => {
      lane.waiting.push({ items, options: given, sinceMs: clock.monotonicMs(), resolve, reject })
    })
  }

  async function submitCut<Item, Answer>(
    lane: Lane<Item, Answer>,
    items: readonly Item[],
    given: CallOptions,
  ): Promise<readonly Answer[]> {
    const parts: Promise<readonly Answer[]>[] = []
    for (let start = 0; start < items.length; start += batchKeysMax) {
      parts.push(submit(lane, items.slice(start, start + batchKeysMax), given))
    }
    const ends = await Promise.allSettled(parts)
    const failures = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []))
    if (failures.length > 0) throw failureOfWhole(failures, parts.length)
    return ends.flatMap((end) => (end.status === 'fulfilled' ? end.value : []))
  }

  /** That nothing was applied can be said only when it is so of every part. */
  function failureOfWhole(failures: readonly unknown[], parts: number): unknown {
    const uncertain = failures.find((failure) => !(failure instanceof ReplicaError && isNotApplied(failure)))
    if (uncertain !== undefined || failures.length === parts) return uncertain ?? failures[0]
    return new ReplicaError('TIMEOUT', 'only a part of the request was sent', { replica: inner.id, cause: failures[0] })
  }

  function send<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    inFlight += 1
    return call().finally(() => {
      inFlight -= 1
      sendWaiting()
    })
  }

  function sendWaiting(): void {
    // Writes first: a read is answered by the other replicas, a write is missed for good until something mends it.
    while (inFlight < callsInFlightMax && (sendNext(puts) || sendNext(reads) || sendNext(versions))) {
      // Each turn of the loop has sent one call.
    }
  }

  function sendNext<Item, Answer>(lane: Lane<Item, Answer>): boolean {
    const requests = take(lane)
    if (requests.length === 0) return false
    const join = lane.join(requests.map((request) => request.items))
    send(() => lane.call(join.items, joinOptions(requests))).then(
      (answers) => {
        for (const [index, request] of requests.entries()) request.resolve(join.split(index, answers))
      },
      (error: unknown) => {
        for (const request of requests) request.reject(error)
      },
    )
    return true
  }

  /** As many waiting requests as fit one call, leaving out those whose time is over. */
  function take<Item, Answer>(lane: Lane<Item, Answer>): Request<Item, Answer>[] {
    const nowMs = clock.monotonicMs()
    const taken: Request<Item, Answer>[] = []
    let size = 0
    let seen = 0
    for (const request of lane.waiting) {
      if (size + request.items.length > batchKeysMax) break
      seen += 1
      queuedKeys -= request.items.length
      if (nowMs - request.sinceMs >= request.options.timeoutMs) request.reject(tooLate())
      else {
        size += request.items.length
        taken.push(request)
      }
    }
    lane.waiting.splice(0, seen)
    return taken
  }

  function refuse(count: number): ReplicaError {
    const reason = `${queuedKeysMax} entries wait for it already`
    events.emit({ type: 'dropped', work: 'call', replica: inner.id, count, reason })
    return new ReplicaError('UNAVAILABLE', reason, { replica: inner.id })
  }

  function tooLate(): ReplicaError {
    return new ReplicaError('UNAVAILABLE', 'not sent: earlier calls took all its time', { replica: inner.id })
  }

  return {
    id: inner.id,
    guarantees: inner.guarantees,
    limits: inner.limits,
    getMany: (keys, given) => submit(reads, keys, given),
    getVersions: (keys, given) => submit(versions, keys, given),
    putManyIfNewer: (entries, given) => submit(puts, entries, given),
    purgeMany: (heads, given) => inner.purgeMany(heads, given),
    lineage: (given) => inner.lineage(given),
    scan: (range, given) => inner.scan(range, given),
    close: () => inner.close(),
  }
}

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
