import type { HintSink } from '../coordinator/context.ts'
import type { ReplicaEntry } from '../core/ledger.ts'
import type { VersionedRecord } from '../core/record.ts'
import { ledgerAgeMaxMs } from '../core/standing.ts'
import type { HybridClock } from '../core/version.ts'
import { thrownText } from '../errors.ts'
import type { Events } from '../events.ts'
import type { Runtime } from '../runtime.ts'
import { Handoff } from './handoff.ts'
import { Hints } from './hints.ts'
import { Membership } from './membership.ts'
import { Rejoin } from './rejoin.ts'
import { RepairQueue } from './repair.ts'
import { Schedule } from './schedule.ts'
import { Sweeper, type SweeperOptions } from './sweeper.ts'

export interface BackgroundParts {
  readonly runtime: Runtime
  readonly events: Events
  readonly clock: HybridClock
  readonly options: BackgroundOptions
  /** As they are now. */
  quorum(): { readonly n: number; readonly r: number; readonly w: number }
  /** How long operations took of late, in ms; null when there were none. */
  foregroundLatencyMs(): number | null
  /** The newest record of each key by a read quorum, with read repair; rejects without one. */
  readMany(keys: readonly string[]): Promise<readonly (VersionedRecord | null)[]>
}

export interface BackgroundOptions extends SweeperOptions {
  readonly deadlineMs: number
  readonly hintsMax: number
  readonly handoffKeysPerSecond: number
  readonly repairsMax: number
  readonly lineage: 'checked' | 'assumed'
  readonly sweepEveryMs: number
  readonly sweepCron: string
}

const forgetful: HintSink = { add: () => undefined }

/** Everything that goes on without being asked for: repair, handoff, rejoining, sweeps. */
export class Background {
  readonly membership: Membership
  readonly hints: Hints
  readonly handoff: Handoff
  /** Where missed keys go: the handoff, unless it is turned off. */
  readonly hintSink: HintSink
  readonly repairs: RepairQueue
  readonly sweeper: Sweeper
  readonly #parts: BackgroundParts
  readonly #rejoin: Rejoin
  readonly #schedule: Schedule | null
  readonly #ledgerReading: Schedule | null

  constructor(parts: BackgroundParts) {
    const { events, runtime, options } = parts
    this.#parts = parts
    this.membership = new Membership({ ...parts, ...options, onJoining: () => this.#rejoin.wake() })
    this.hints = new Hints(events, { keysMax: Math.max(1, options.hintsMax) })
    const work = { ...parts, membership: this.membership, hints: this.hints }
    this.handoff = new Handoff({
      ...work,
      ...options,
      keysPerSecond: options.handoffKeysPerSecond,
      replica: (id) => this.membership.member(id)?.replica,
      readNewest: (keys) => parts.readMany(keys),
    })
    this.hintSink = options.hintsMax === 0 ? forgetful : this.handoff
    this.repairs = new RepairQueue(
      { events, runtime, hints: this.hintSink },
      {
        ...options,
        readWhole: async (keys) => {
          await parts.readMany(keys).catch(() => undefined)
        },
      },
    )
    this.sweeper = new Sweeper(work)
    this.#rejoin = new Rejoin(this.sweeper, runtime)
    this.#schedule = this.#scheduled()
    this.#ledgerReading = this.#scheduledReading()
    // What was joining, or nobody could judge yet, may be swept now.
    events.on('replica-up', () => {
      const isAnyWaiting = this.membership.members.some(({ standing }) => standing !== 'full')
      if (options.lineage === 'checked' && isAnyWaiting) this.#rejoin.wake()
    })
  }

  /** Ends it all within about three deadlines. What is left is announced, and on record as a sweep that is needed. */
  async close(): Promise<void> {
    this.#schedule?.stop()
    this.#ledgerReading?.stop()
    this.#rejoin.stop()
    this.membership.stop()
    const { deadlineMs } = this.#parts.options
    await this.#within(deadlineMs, this.repairs.idle())
    const left = await this.handoff.finish(deadlineMs)
    await this.#within(deadlineMs, this.#recordLeft(left))
  }

  #scheduled(): Schedule | null {
    const { sweepEveryMs, sweepCron, lineage } = this.#parts.options
    if (lineage !== 'checked' || (sweepEveryMs === 0 && sweepCron === '')) return null
    return new Schedule({
      runtime: this.#parts.runtime,
      ...(sweepCron === '' ? { intervalMs: sweepEveryMs } : { cron: sweepCron }),
      run: (signal) => this.sweeper.runScheduled(sweepCron === '' ? sweepEveryMs : 0, signal),
      onFailure: (error) => this.#parts.events.emit({ type: 'sweep-failed', reason: thrownText(error) }),
    })
  }

  /** Whoever sweeps elsewhere writes down what it found, which concerns a store that never sweeps as well. */
  #scheduledReading(): Schedule | null {
    const { runtime, options } = this.#parts
    if (options.lineage !== 'checked') return null
    // Two starts lie up to a tenth more than the interval apart.
    const intervalMs = ledgerAgeMaxMs(options.gcGraceMs) / 1.1
    return new Schedule({ runtime, intervalMs, run: () => this.membership.refresh(), onFailure: () => undefined })
  }

  async #recordLeft(left: ReadonlyMap<string, number>): Promise<void> {
    const entries = new Map<string, ReplicaEntry>()
    for (const [id, count] of left) {
      const recorded = this.membership.ledger.replica(id)
      if (recorded === null || count === 0) continue
      entries.set(id, { ...recorded, needsSweep: `${count} hints were left when a store was closed` })
    }
    await this.membership.recordReplicas(entries)
  }

  /** Whatever hangs must not hang whoever closes the store. */
  #within(deadlineMs: number, ended: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#parts.runtime.timers.after(deadlineMs, resolve)
      const settle = () => {
        cancel()
        resolve()
      }
      ended.then(settle, settle)
    })
  }
}
