import { observeVersion } from '../coordinator/context.ts'
import { Ledger, type ReplicaEntry } from '../core/ledger.ts'
import { searchQuorum } from '../core/quorum.ts'
import type { VersionedRecord } from '../core/record.ts'
import { type StandingVerdict, standingOf } from '../core/standing.ts'
import type { HybridClock } from '../core/version.ts'
import { ReplicaError } from '../errors.ts'
import type { Events } from '../events.ts'
import type { CallOptions } from '../replica.ts'
import type { Runtime } from '../runtime.ts'
import type { WatchedReplica } from '../wrap/detector.ts'
import { VoiceGate } from '../wrap/voice.ts'
import { conflictVerdict } from './lineage-watch.ts'
import { Member } from './member.ts'
import { Probe } from './probe.ts'

export interface MembershipParts {
  readonly runtime: Runtime
  readonly events: Events
  readonly clock: HybridClock
  readonly gcGraceMs: number
  readonly callTimeoutMs: number
  readonly maxClockSkewMs: number
  /** `assumed`: nobody is judged. */
  readonly lineage: 'checked' | 'assumed'
  /** As they are now. */
  quorum(): { readonly n: number; readonly r: number; readonly w: number }
  /** A replica is joining, so a sweep is due. */
  onJoining(): void
}

/**
 * Who takes part, and whose word counts: compares the lineage that each replica tells with the one on record (rules D2 to
 * D4), and keeps the record.
 *
 * A fresh deployment, where nothing is on record anywhere, starts full; that is on record at w replicas before anything
 * else is acknowledged.
 */
export class Membership {
  readonly ledger = new Ledger()
  readonly #parts: MembershipParts
  #members: readonly Member[] = []
  #hasStarted = false
  #isStopped = false
  #starting: Promise<void> | null = null

  constructor(parts: MembershipParts) {
    this.#parts = parts
  }

  get members(): readonly Member[] {
    return this.#members
  }

  member(id: string): Member | undefined {
    return this.#members.find((member) => member.id === id)
  }

  /**
   * A replica that failed is asked for its lineage until it tells it, also while nobody else asks it anything.
   *
   * @param wrap makes the watched replica around the gate that is to guard it
   */
  add(id: string, wrap: (gate: VoiceGate) => WatchedReplica, options: { readonly isNew: boolean }): Member {
    const gate = new VoiceGate(
      id,
      (callOptions) => this.#check(member, callOptions),
      () => probe.start(),
    )
    const member = new Member(wrap(gate), options.isNew)
    const probe = new Probe({
      ...this.#parts,
      replica: () => (this.#isStopped ? undefined : this.member(id)?.replica),
      isWanted: (replica) => !replica.gate.isChecked,
    })
    this.#members = [...this.#members, member]
    return member
  }

  remove(id: string): Member | undefined {
    const member = this.member(id)
    this.#members = this.#members.filter((each) => each !== member)
    return member
  }

  /** Puts a newcomer in the place of a replica, in the order of the list too. */
  replace(old: Member, added: Member): void {
    const others = this.#members.filter((each) => each !== added)
    this.#members = others.map((each) => (each === old ? added : each))
  }

  /** Nobody is asked from now on but on request. */
  stop(): void {
    this.#isStopped = true
  }

  /** Reads the ledger again wherever it can be read, and judges all members by it, once there is something to go by. */
  async refresh(): Promise<void> {
    const options = { timeoutMs: this.#parts.callTimeoutMs }
    await Promise.allSettled(this.#members.map((member) => this.#readLedger(member, options)))
    if (this.#hasStarted) this.#judgeAll()
  }

  /** Reads further records of the store's own, wherever they can be read. */
  async read(keys: readonly string[]): Promise<void> {
    const options = { timeoutMs: this.#parts.callTimeoutMs }
    const reads = this.#members.map(async ({ replica }) => this.ledger.observe(await replica.getMany(keys, options)))
    await Promise.allSettled(reads)
  }

  /** Makes sure that every replica that can be reached has told its lineage. */
  async checkAll(): Promise<void> {
    const options = { timeoutMs: this.#parts.callTimeoutMs }
    await Promise.allSettled(this.#members.map((member) => member.replica.gate.verify(options)))
  }

  /** Puts records of the store's own on every replica. @returns whether w of them took them */
  async write(records: readonly VersionedRecord[]): Promise<boolean> {
    const options = { timeoutMs: this.#parts.callTimeoutMs }
    const entries = records.map((record) => ({ record }))
    const ends = await Promise.allSettled(this.#members.map(({ replica }) => replica.putManyIfNewer(entries, options)))
    const taken = ends.filter(({ status }) => status === 'fulfilled').length
    // What fewer hold might be forgotten again, so nothing may be built on it.
    const isOnRecord = taken >= this.#parts.quorum().w
    if (isOnRecord) this.ledger.observe(records)
    return isOnRecord
  }

  /** Puts replicas on record. @returns whether w replicas have it */
  async recordReplicas(entries: ReadonlyMap<string, ReplicaEntry>): Promise<boolean> {
    if (entries.size === 0) return true
    const nowMs = this.#parts.runtime.clock.nowMs()
    const records = [...entries].map(([id, entry]) => Ledger.replicaRecord(id, entry, this.#parts.clock.next(nowMs)))
    const isOnRecord = await this.write(records)
    this.#judgeAll()
    return isOnRecord
  }

  async #check(member: Member, options: CallOptions): Promise<void> {
    await member.report(options, (asked, given) => this.#readLedger(asked, given))
    if (!this.#hasStarted) {
      this.#starting ??= this.#start(member.id, options).finally(() => {
        this.#starting = null
      })
      await this.#starting
    }
    this.#judgeAll()
  }

  async #readLedger({ replica }: Member, options: CallOptions): Promise<void> {
    const keys = Ledger.keysFor(this.#members.map(({ id }) => id))
    this.ledger.observe(await replica.getMany(keys, options))
    for (const record of this.ledger.records) {
      observeVersion(this.#parts, record.key, record.version)
    }
  }

  async #start(replica: string, options: CallOptions): Promise<void> {
    await this.#enoughReports(options)
    if (this.ledger.isEmpty) await this.#begin(replica)
    this.#hasStarted = true
  }

  /**
   * Waits until every replica has told, or has failed to; or, where something is on record, until so many have told that
   * none of it can be missed.
   */
  #enoughReports(options: CallOptions): Promise<void> {
    const { n, r, w } = this.#parts.quorum()
    const needed = Math.max(r, searchQuorum(n, w))
    return new Promise((resolve) => {
      let open = this.#members.length
      const settle = () => {
        open -= 1
        const told = this.#members.filter(({ hasReported }) => hasReported).length
        if (open === 0 || (!this.ledger.isEmpty && told >= needed)) resolve()
      }
      for (const member of this.#members) {
        const told = member.hasReported
          ? Promise.resolve()
          : member.report(options, (asked, given) => this.#readLedger(asked, given))
        told.then(settle, settle)
      }
    })
  }

  /** Only when w replicas tell that nothing is on record: what a few put on record alone would be believed later. */
  async #begin(replica: string): Promise<void> {
    const { w } = this.#parts.quorum()
    const tooFew = new ReplicaError('UNAVAILABLE', `fewer than ${w} replicas are there to begin with`, { replica })
    if (this.#members.filter(({ hasReported }) => hasReported).length < w) throw tooFew
    const exchangedAtMs = this.#parts.runtime.clock.nowMs()
    const entries = new Map<string, ReplicaEntry>()
    for (const { id, lineage } of this.#members) {
      if (lineage !== null) entries.set(id, { lineage, exchangedAtMs, needsSweep: null })
    }
    if (!(await this.recordReplicas(entries))) throw tooFew
  }

  #judgeAll(): void {
    if (this.#parts.lineage === 'assumed') return
    for (const member of this.#members) this.#judge(member)
  }

  /** Looks out for an id that stands for different data elsewhere. */
  #watch(member: Member, { standing }: StandingVerdict): void {
    const { watch, lineage: told } = member
    const recorded = this.ledger.replica(member.id)?.lineage ?? ''
    if (standing === 'full') watch.counted(told)
    if (standing !== 'joining' || told === null || recorded === '' || recorded === told) return
    const wasInConflict = member.isInConflict
    if (watch.differs({ told, recorded }, member.reports) === 'ask again') member.replica.gate.distrust()
    if (wasInConflict || watch.conflict === null) return
    this.#parts.events.emit({ type: 'lineage-conflict', replica: member.id, ...watch.conflict })
  }

  #judge(member: Member): void {
    const { runtime, gcGraceMs, events } = this.#parts
    const before = member.verdict
    const verdict = standingOf({
      lineage: member.lineage,
      recorded: this.ledger.replica(member.id),
      purge: this.ledger.sweep?.purge ?? null,
      nowMs: runtime.clock.nowMs(),
      gcGraceMs,
    })
    this.#watch(member, verdict)
    member.verdict = member.isInConflict ? conflictVerdict : verdict
    const { standing, reason } = member.verdict
    if (standing !== 'joining') member.joining = null
    else if (member.joining?.lineage !== member.lineage) {
      const { clock } = runtime
      member.joining = {
        lineage: member.lineage,
        sinceMs: clock.nowMs(),
        sinceMonotonicMs: clock.monotonicMs(),
      }
    }
    if (standing === 'full') member.replica.gate.grant()
    else member.replica.gate.silence(standing === 'joining' ? `joining, ${reason}` : reason)
    if (standing === before.standing) return
    if (standing === 'joining') {
      events.emit({ type: 'replica-joining', replica: member.id, reason })
      this.#parts.onJoining()
    } else if (before.standing === 'joining') events.emit({ type: 'replica-full', replica: member.id })
  }
}
