import { EventEmitter } from 'node:events'
import type { Version } from './core/version.ts'
import { type QuorumOperation, type ReplicaError, thrownText } from './errors.ts'
import type { SweepKind, SweepPartition, SweepProgress, SweepReport } from './events/sweep-report.ts'

/**
 * Everything the store tells about itself while it works: one closed union, for logs, metrics and dashboards.
 * None of these is an error to the caller: a lost quorum rejects the call instead, and `error` is never emitted.
 */
export type QuorumEvent =
  /** A replica that lagged behind was given the newest record. `held` says what it had before. */
  | {
      readonly type: 'repair'
      readonly replica: string
      readonly key: string
      readonly version: Version
      readonly held: 'stale' | 'absent' | 'corrupt'
    }
  /** The failure detector stopped sending to a replica, but for probes. */
  | { readonly type: 'replica-down'; readonly replica: string; readonly error: ReplicaError }
  /** A replica that was down answers again. */
  | { readonly type: 'replica-up'; readonly replica: string }
  /** One call to one replica failed; the operation goes on with the others. */
  | {
      readonly type: 'replica-failure'
      readonly replica: string
      readonly call: ReplicaCall
      readonly keys: number
      readonly error: ReplicaError
    }
  /** A write met newer records, from a faster clock or another writer, and is tried again with a later version. */
  | { readonly type: 'superseded'; readonly key: string; readonly by: Version; readonly retriedWith: Version }
  /** A replica holds something unreadable for a key. */
  | { readonly type: 'corrupt'; readonly replica: string; readonly key: string; readonly reason: string }
  /**
   * A queue was full, or work failed for good: `count` entries were left undone. A later read mends what they would have;
   * what dropped hints would have, a sweep does.
   */
  | {
      readonly type: 'dropped'
      readonly work: 'repair' | 'call' | 'hint'
      readonly replica: string
      readonly count: number
      readonly reason: string
    }
  /** A replica was given what it missed while it was away: `keys` hints were replayed, `stored` of them told it news. */
  | { readonly type: 'handoff'; readonly replica: string; readonly keys: number; readonly stored: number }
  /** Nobody remembers any more what this replica missed: only a full sweep brings it up to date. */
  | { readonly type: 'needs-sweep'; readonly replica: string; readonly reason: string }
  /** A replica may lack what it acknowledged, or hold what was deleted: it counts toward no quorum until it is full again. */
  | { readonly type: 'replica-joining'; readonly replica: string; readonly reason: string }
  /** A replica that was joining holds everything again, and counts. */
  | { readonly type: 'replica-full'; readonly replica: string }
  /**
   * So many replicas lost their data at once that acknowledged writes may be gone: those named were made full with what
   * could still be learned from all others.
   */
  | { readonly type: 'data-may-be-lost'; readonly replicas: readonly string[]; readonly reason: string }
  /**
   * Another store meets different data under this replica's id, at the same time: two hosts that each have a file of their
   * own, say. The replica does not count here until that is put right.
   */
  | { readonly type: 'lineage-conflict'; readonly replica: string; readonly told: string; readonly recorded: string }
  /** A sweep has begun over these replicas; those that are down are not among them. */
  | {
      readonly type: 'sweep-began'
      readonly kind: SweepKind
      readonly isPreview: boolean
      readonly partition: SweepPartition
      readonly replicas: readonly string[]
    }
  /** How far a sweep has come, at most four times a second. */
  | { readonly type: 'sweep-progress'; readonly progress: SweepProgress }
  /** A sweep has ended: completed, given up for want of replicas, or aborted. */
  | { readonly type: 'sweep-ended'; readonly report: SweepReport }
  /** A scheduled sweep ended with an error, and comes again at its time. */
  | { readonly type: 'sweep-failed'; readonly reason: string }
  /** A version from the future was seen: the clock of its writer, or of this machine, is wrong by about `aheadMs`. */
  | { readonly type: 'clock-skew'; readonly key: string; readonly version: Version; readonly aheadMs: number }
  /** An operation got no quorum; its caller got a `QuorumError`. */
  | {
      readonly type: 'quorum-lost'
      readonly operation: QuorumOperation
      readonly keys: number
      readonly acked: number
      readonly needed: number
    }

export type ReplicaCall =
  | 'getMany'
  | 'getVersions'
  | 'putManyIfNewer'
  | 'purgeMany'
  | 'scan'
  | 'digest'
  | 'changes'
  | 'lineage'

export type QuorumEventType = QuorumEvent['type']
export type QuorumEventOf<Type extends QuorumEventType> = Extract<QuorumEvent, { type: Type }>

/** Keyv's own listener type takes anything; what is really passed is the event. */
export type Listener = (...events: QuorumEvent[]) => void

/** Where the parts of the store announce what they decided. Listeners cannot disturb it: what they throw is a warning. */
export class Events {
  readonly #emitter = new EventEmitter()

  constructor() {
    // Every Keyv instance over a store adds a listener; that is no leak.
    this.#emitter.setMaxListeners(0)
  }

  /** Whether anyone listens, so that events of a hot path need not be made. */
  hasListeners(type: QuorumEventType): boolean {
    return this.#emitter.listenerCount(type) > 0 || this.#emitter.listenerCount('event') > 0
  }

  emit(event: QuorumEvent): void {
    this.#tell(event.type, event)
    this.#tell('event', event)
  }

  on(type: string, listener: Listener): void {
    this.#emitter.on(type, listener)
  }

  once(type: string, listener: Listener): void {
    this.#emitter.once(type, listener)
  }

  off(type: string, listener: Listener): void {
    this.#emitter.off(type, listener)
  }

  #tell(type: string, event: QuorumEvent): void {
    if (this.#emitter.listenerCount(type) === 0) return
    for (const listener of this.#emitter.rawListeners(type)) {
      try {
        // `once` hands its listener's answer on as well, and an async listener that rejects is one that threw.
        const ended: unknown = listener.call(this.#emitter, event)
        if (isThenable(ended)) ended.then(undefined, (error: unknown) => warn(type, error))
      } catch (error) {
        warn(type, error)
      }
    }
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

function warn(type: string, error: unknown): void {
  process.emitWarning(`a listener for ${type} threw: ${thrownText(error)}`, 'KeyvQuorumListenerWarning')
}
