import type { Repair } from '../core/read.ts'
import type { VersionedRecord } from '../core/record.ts'
import type { HybridClock, Version } from '../core/version.ts'
import type { Events } from '../events.ts'
import type { CallOptions } from '../replica.ts'
import type { Runtime } from '../runtime.ts'
import type { WatchedReplica } from '../wrap/detector.ts'
import type { Latency } from './latency.ts'

/** What every operation of one store works with; another one after a replica was added or removed. */
export interface CoordinatorContext {
  readonly replicas: readonly WatchedReplica[]
  /** Added while the store was in use, and not full yet: they are written to, and count for nothing. */
  readonly newcomers: readonly WatchedReplica[]
  readonly runtime: Runtime
  readonly events: Events
  readonly clock: HybridClock
  readonly repairs: RepairSink
  readonly hints: HintSink
  readonly latency: Latency
  /** What a joining replica holds is no evidence when its version is this old, in ms (rule D3). */
  readonly zombieAgeMs: number
  /** A version further ahead of this machine's time than this is announced as `clock-skew`. */
  readonly maxClockSkewMs: number
}

/** Where reads leave the repairs they found due; never waits, never rejects. */
export interface RepairSink {
  add(replica: WatchedReplica, repair: Repair<VersionedRecord>): void
  /** For a finding that came without a payload: read the key whole, which finds and repairs the same again. */
  reread(replica: WatchedReplica, key: string): void
}

/** Where writes leave the keys that a replica did not take; never waits, never rejects. */
export interface HintSink {
  add(replica: string, keys: readonly string[]): void
}

/** How the operations of one view of the store are carried out. */
export interface OperationPlan {
  readonly n: number
  readonly r: number
  readonly w: number
  /** Whether a read puts what it answers on w replicas first: monotonic and linearizable reads. */
  readonly writesBack: boolean
  /** Whether a write first learns the newest version from a read quorum. */
  readonly linearizable: boolean
  readonly deadlineMs: number
  readonly callTimeoutMs: number
}

/** What it takes to follow a version. */
export type ObservingContext = Pick<CoordinatorContext, 'runtime' | 'events' | 'clock' | 'maxClockSkewMs'>

/** Moves the store's clock past a version that was seen, and tells when that version comes from the future. */
export function observeVersion(context: ObservingContext, key: string, version: Version): void {
  const nowMs = context.runtime.clock.nowMs()
  const aheadMs = context.clock.observe(version, nowMs)
  if (aheadMs > context.maxClockSkewMs) context.events.emit({ type: 'clock-skew', key, version, aheadMs })
}

/** One deadline for all phases of an operation, and the options that each of its calls gets. */
export class Deadline {
  readonly #context: CoordinatorContext
  readonly #plan: OperationPlan
  readonly #beganAtMs: number
  #cancel: (() => void) | null = null

  constructor(context: CoordinatorContext, plan: OperationPlan) {
    this.#context = context
    this.#plan = plan
    this.#beganAtMs = context.runtime.clock.monotonicMs()
  }

  onExpiry(callback: () => void): void {
    this.#cancel = this.#context.runtime.timers.after(this.remainingMs(), callback)
  }

  remainingMs(): number {
    return Math.max(0, this.#beganAtMs + this.#plan.deadlineMs - this.#context.runtime.clock.monotonicMs())
  }

  /**
   * A replica whose pause is over is not up yet: it takes a single probe, so only one part of a request cut into several
   * would reach it.
   *
   * @param needed how many answers the phase waits for: with fewer replicas up, requests go to those held to be down too
   */
  callOptions(needed: number): CallOptions {
    const queueMs = this.remainingMs()
    const timeoutMs = Math.min(this.#plan.callTimeoutMs, queueMs)
    const up = this.#context.replicas.filter((replica) => replica.condition() === 'up' && !isSilent(replica)).length
    return up < needed ? { timeoutMs, queueMs, lastResort: true } : { timeoutMs, queueMs }
  }

  /** The operation is over. */
  cancel(): void {
    this.#cancel?.()
    this.#cancel = null
    const nowMs = this.#context.runtime.clock.monotonicMs()
    this.#context.latency.note(nowMs - this.#beganAtMs, nowMs)
  }
}

/** Whether it is known that what the replica says does not count. */
function isSilent({ gate }: WatchedReplica): boolean {
  return gate.voice === null && gate.isChecked
}
