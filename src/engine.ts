import { Background } from './background/background.ts'
import type { Member } from './background/member.ts'
import { type SweepOptions, sweepPlan } from './background/sweep/sweep-options.ts'
import type { SweepReport } from './background/sweep/sweep-report.ts'
import { type Quorum, type QuorumOptions, type QuorumWish, type ResolvedOptions, resolveOptions } from './config.ts'
import type { CoordinatorContext, OperationPlan } from './coordinator/context.ts'

import { Latency } from './coordinator/latency.ts'
import { type OperationFrame, Operations } from './coordinator/operations.ts'
import type { SweepEntry } from './core/ledger.ts'
import { zombieAgeMs } from './core/standing.ts'
import { HybridClock } from './core/version.ts'
import { ConfigError, ReplicaError } from './errors.ts'
import { Events } from './events.ts'
import { type Explanation, explain } from './explain.ts'
import type { Replica } from './replica.ts'
import { type ReplicaState, replicaState } from './replica-state.ts'
import { type Runtime, systemRuntime } from './runtime.ts'
import { watchedReplica } from './watched-replica.ts'
import { VoiceGate } from './wrap/voice.ts'

/** What a store and all its views share: replicas behind their wraps, one clock, the events, all background work. */
export class Engine {
  readonly events = new Events()
  readonly #runtime: Runtime
  readonly #clock: HybridClock
  readonly #latency = new Latency()
  readonly #background: Background
  #given: QuorumOptions
  #options: ResolvedOptions
  #context: CoordinatorContext
  #closing: Promise<void> | null = null

  /** @param given the options as the user gave them: r and w left open follow n when replicas are added or removed */
  constructor(
    replicas: readonly Replica[],
    options: ResolvedOptions,
    runtime: Runtime = systemRuntime,
    given: QuorumOptions = options,
  ) {
    this.#options = options
    this.#given = given
    this.#runtime = runtime
    this.#clock = new HybridClock(runtime.random.hex(12))
    const own = this.operations(() => this.#options)
    this.#background = new Background({
      runtime,
      events: this.events,
      clock: this.#clock,
      options,
      quorum: () => this.#options,
      foregroundLatencyMs: () => this.#latency.recentMs(runtime.clock.monotonicMs()),
      readMany: (keys) => own.readMany(keys),
    })
    for (const replica of replicas) this.#add(replica, false)
    this.#context = this.#newContext()
  }

  get options(): ResolvedOptions {
    return this.#options
  }

  get replicas(): readonly ReplicaState[] {
    const { membership, hints } = this.#background
    return membership.members.map((member) => replicaState(member, membership.ledger, hints, this.#options.lineage))
  }

  nowMs(): number {
    return this.#runtime.clock.nowMs()
  }

  /** The operations under this quorum, which is asked anew for every batch; everything else is as the store was configured. */
  operations(quorumOf: () => Quorum): Operations {
    let frame: (OperationFrame & { readonly quorum: Quorum }) | null = null
    return new Operations(this.#runtime.timers, () => {
      const quorum = quorumOf()
      if (frame === null || frame.context !== this.#context || frame.quorum !== quorum) {
        frame = { context: this.#context, plan: this.#planFor(quorum), quorum }
      }
      return frame
    })
  }

  /** Resolves when no read repair waits or is under way. */
  repairsDone(): Promise<void> {
    return this.#background.repairs.idle()
  }

  /** Asks every replica for its lineage, where that is not known, and reads what is on record. */
  async check(): Promise<void> {
    await this.#background.membership.checkAll()
    await this.#background.membership.refresh()
  }

  async sweep(options: SweepOptions = {}): Promise<SweepReport> {
    // Before anything is asked of anybody: what is wrong with the options is no matter of theirs.
    sweepPlan(options)
    return this.#background.sweeper.run(options)
  }

  /** The last completed sweep of any process; null for none. */
  async lastSweep(): Promise<SweepEntry | null> {
    await this.#background.membership.refresh()
    return this.#background.membership.ledger.sweep
  }

  /** What each replica holds for a key, as it says itself, and what wins. */
  explain(key: string): Promise<Explanation> {
    return explain(this.#background.membership.members, key, this.#options.callTimeoutMs)
  }

  /**
   * A further replica: it takes writes at once, gets everything that the others hold, and counts, with the new n, from
   * then on.
   * @throws ConfigError when r and w do not fit the new n; nothing is changed then
   */
  addReplica(replica: Replica, wish: QuorumWish = {}): void {
    this.#assertNew(replica.id)
    const given = { ...this.#given, ...wish }
    const options = resolveOptions(given, [...this.replicas, replica])
    const member = this.#add(replica, true)
    // Where nobody is judged it counts from the start, so n has to count it too, or quorums would not meet.
    if (!member.isNew) {
      this.#adopt(given, options)
      return
    }
    this.#context = this.#newContext()
    const adopt = () => {
      if (!member.isNew || member.standing !== 'full') return
      member.isNew = false
      this.events.off('replica-full', adopt)
      this.#adopt(given, options)
    }
    this.events.on('replica-full', adopt)
    this.#verify(member)
  }

  /**
   * Goes on without a replica, and closes it when what is under way must be over.
   * @throws ConfigError when there is none with this id, or r and w do not fit the new n
   * @throws ReplicaError when w replicas could not be told; nothing is changed then
   */
  async removeReplica(id: string, wish: QuorumWish = {}): Promise<void> {
    const member = this.#memberFor(id)
    const given = { ...this.#given, ...wish }
    const options = resolveOptions(
      given,
      this.replicas.filter((replica) => replica.id !== id),
    )
    await this.#forget(id)
    this.#background.membership.remove(id)
    this.#background.handoff.remove(id)
    this.#adopt(given, options)
    this.#closeLater(member)
  }

  /**
   * Puts a new replica in the place of another, which is closed. The new one counts when it got everything from the
   * others; until then one more failure than usual would lose a quorum.
   * @throws ConfigError when there is none with this id
   * @throws ReplicaError when w replicas could not be told; nothing is changed then
   */
  async replaceReplica(id: string, replica: Replica): Promise<void> {
    const member = this.#memberFor(id)
    if (replica.id !== id) this.#assertNew(replica.id)
    const facts = this.replicas.map((each) => (each.id === id ? replica : each))
    const options = resolveOptions(this.#given, facts)
    await this.#forget(id)
    const added = this.#add(replica, false)
    this.#background.membership.replace(member, added)
    if (replica.id !== id) this.#background.handoff.remove(id)
    this.#adopt(this.#given, options)
    this.#closeLater(member)
    this.#verify(added)
  }

  /**
   * Makes a joining replica count with what it holds: for an operator who knows that nothing more can come back.
   * @throws ConfigError when there is none with this id, or it cannot be reached
   */
  async promoteReplica(id: string): Promise<void> {
    const { membership } = this.#background
    const member = this.#memberFor(id)
    await membership.checkAll()
    if (member.lineage === null) throw new ConfigError('id', 'a replica that can be reached')
    const entry = { lineage: member.lineage, exchangedAtMs: this.nowMs(), needsSweep: 'it was promoted by hand' }
    await membership.recordReplicas(new Map([[id, entry]]))
    const reason = 'an operator made it count before it had exchanged with enough others'
    this.events.emit({ type: 'data-may-be-lost', replicas: [id], reason })
  }

  /** Ends the background work, then closes every replica, within a few deadlines. Safe to call twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#background.close()
    const closed = this.#background.membership.members.map(({ replica }) => replica.close())
    await new Promise<void>((resolve) => {
      const cancel = this.#runtime.timers.after(this.#options.deadlineMs, resolve)
      void Promise.allSettled(closed).then(() => {
        cancel()
        resolve()
      })
    })
  }

  /** What a replica holds that is put back in the list one day is out of date. */
  async #forget(id: string): Promise<void> {
    const entry = { lineage: '', exchangedAtMs: 0, needsSweep: null }
    if (await this.#background.membership.recordReplicas(new Map([[id, entry]]))) return
    throw new ReplicaError('UNAVAILABLE', 'its removal could not be put on record at w replicas', { replica: id })
  }

  #add(replica: Replica, isNew: boolean): Member {
    const { membership } = this.#background
    const wrap = (gate: VoiceGate) => watchedReplica(replica, this.#runtime, this.events, this.#options, gate)
    if (this.#options.lineage === 'checked') return membership.add(replica.id, wrap, { isNew })
    return membership.add(replica.id, () => wrap(VoiceGate.granted(replica.id)), { isNew: false })
  }

  #verify({ replica }: Member): void {
    replica.gate.verify({ timeoutMs: this.#options.callTimeoutMs })?.catch(() => undefined)
  }

  #adopt(given: QuorumOptions, options: ResolvedOptions): void {
    this.#given = given
    this.#options = options
    this.#context = this.#newContext()
  }

  #closeLater({ replica }: Member): void {
    this.#runtime.timers.afterIfAlive(this.#options.deadlineMs, () => void replica.close().catch(() => undefined))
  }

  #memberFor(id: string): Member {
    const { membership } = this.#background
    const member = membership.member(id)
    if (member !== undefined) return member
    throw new ConfigError('id', `the id of a replica: ${membership.members.map((each) => each.id).join(', ')}`)
  }

  #assertNew(id: string): void {
    if (this.#background.membership.member(id) === undefined) return
    throw new ConfigError('id', `one that no replica has yet, not ${id}`)
  }

  #newContext(): CoordinatorContext {
    const { membership, repairs, hintSink } = this.#background
    const replicasThat = (isNew: boolean) =>
      membership.members.filter((member) => member.isNew === isNew).map(({ replica }) => replica)
    return {
      replicas: replicasThat(false),
      newcomers: replicasThat(true),
      runtime: this.#runtime,
      events: this.events,
      clock: this.#clock,
      repairs,
      hints: hintSink,
      latency: this.#latency,
      maxClockSkewMs: this.#options.maxClockSkewMs,
      zombieAgeMs: zombieAgeMs(this.#options.gcGraceMs),
    }
  }

  #planFor({ n, r, w }: Quorum): OperationPlan {
    const { consistency, reads, deadlineMs, callTimeoutMs } = this.#options
    const linearizable = consistency === 'linearizable'
    const writesBack = linearizable || reads === 'monotonic'
    return { n, r, w, writesBack, linearizable, deadlineMs, callTimeoutMs }
  }
}
