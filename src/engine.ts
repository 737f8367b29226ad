import { RepairQueue } from './background/repair.ts'
import type { ResolvedOptions } from './config.ts'
import type { CoordinatorContext, OperationPlan } from './coordinator/context.ts'
import { Operations } from './coordinator/operations.ts'
import { HybridClock } from './core/version.ts'
import { Events } from './events.ts'
import type { Replica, ReplicaGuarantees } from './replica.ts'
import { type Runtime, systemRuntime } from './runtime.ts'
import { withChecks } from './wrap/checked.ts'
import { withDeadline } from './wrap/deadline.ts'
import { type WatchedReplica, withFailureDetector } from './wrap/detector.ts'
import { withLanes } from './wrap/lanes.ts'

/** How a replica stands, for `store.replicas`. */
export interface ReplicaState {
  readonly id: string
  readonly condition: 'up' | 'down' | 'probing'
  readonly guarantees: ReplicaGuarantees
}

/** What a store and all its views share: replicas behind their wraps, one clock, the events, the repairs. */
export class Engine {
  readonly events = new Events()
  readonly options: ResolvedOptions
  readonly #context: CoordinatorContext
  readonly #repairs: RepairQueue
  #closing: Promise<void> | null = null

  constructor(replicas: readonly Replica[], options: ResolvedOptions, runtime: Runtime = systemRuntime) {
    this.options = options
    const base = {
      replicas: replicas.map((replica) => wrap(replica, runtime, this.events, options)),
      runtime,
      events: this.events,
      clock: new HybridClock(runtime.random.hex(12)),
      maxClockSkewMs: options.maxClockSkewMs,
    }
    this.#repairs = new RepairQueue(base, {
      repairsMax: options.repairsMax,
      callTimeoutMs: options.callTimeoutMs,
      readWhole: async (keys) => {
        await operations.readLiveMany(keys).catch(() => undefined)
      },
    })
    this.#context = { ...base, repairs: this.#repairs }
    const operations = this.operations({ ...options })
  }

  get replicas(): readonly ReplicaState[] {
    return this.#context.replicas.map((replica) => ({
      id: replica.id,
      condition: replica.condition(),
      guarantees: replica.guarantees,
    }))
  }

  nowMs(): number {
    return this.#context.runtime.clock.nowMs()
  }

  /** The operations under these r and w; everything else is as the store was configured. */
  operations({ r, w }: { readonly r: number; readonly w: number }): Operations {
    const { consistency, reads, deadlineMs, callTimeoutMs } = this.options
    const linearizable = consistency === 'linearizable'
    const writesBack = linearizable || reads === 'monotonic'
    const plan: OperationPlan = { n: this.options.n, r, w, writesBack, linearizable, deadlineMs, callTimeoutMs }
    return new Operations(this.#context, plan)
  }

  /** Resolves when no read repair waits or is under way. */
  repairsDone(): Promise<void> {
    return this.#repairs.idle()
  }

  /** Finishes the repairs under way, then closes every replica; waits for each of the two no longer than for one operation. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#atMostOneDeadline(this.#repairs.idle())
    await this.#atMostOneDeadline(Promise.allSettled(this.#context.replicas.map((replica) => replica.close())))
  }

  /** A repair or a replica that hangs must not hang whoever closes the store. */
  #atMostOneDeadline(ended: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#context.runtime.timers.after(this.options.deadlineMs, resolve)
      void ended.then(() => {
        cancel()
        resolve()
      })
    })
  }
}

/**
 * From the outside in: lanes keep calls few and large, the detector spares a dead replica, the deadline ends a hung call,
 * the checks turn a senseless answer into a failure.
 */
function wrap(replica: Replica, runtime: Runtime, events: Events, options: ResolvedOptions): WatchedReplica {
  const watched = withFailureDetector(withDeadline(withChecks(replica), runtime.timers), runtime, events)
  const inLanes = withLanes(watched, runtime.clock, events, { queuedKeysMax: options.queuedKeysMax })
  return { ...inLanes, isWorthAsking: watched.isWorthAsking, refusal: watched.refusal, condition: watched.condition }
}
