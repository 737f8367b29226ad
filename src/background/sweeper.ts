import type { PurgeAnnouncement, ReplicaEntry, SweepEntry } from '../core/ledger.ts'
import { Ledger } from '../core/ledger.ts'
import { searchQuorum } from '../core/quorum.ts'
import { purgeNoticeMs, zombieAgeMs } from '../core/standing.ts'
import type { HybridClock } from '../core/version.ts'
import type { Events } from '../events.ts'
import type { Runtime } from '../runtime.ts'
import type { Voice } from '../wrap/voice.ts'
import type { Hints } from './hints.ts'
import { SweepLease } from './lease.ts'
import type { Member } from './member.ts'
import type { Membership } from './membership.ts'
import { type Exchange, joinPartitions } from './shared-sweep.ts'
import { runSweep, type SweepOutcome } from './sweep/sweep.ts'
import type { SweepOptions } from './sweep/sweep-options.ts'
import type { SweepKind, SweepReport } from './sweep/sweep-report.ts'

export interface SweeperParts {
  readonly membership: Membership
  readonly hints: Hints
  readonly runtime: Runtime
  readonly events: Events
  readonly clock: HybridClock
  readonly options: SweeperOptions
  quorum(): { readonly n: number; readonly r: number; readonly w: number }
  /** How long operations took of late, in ms; null when there were none. */
  foregroundLatencyMs(): number | null
}

export interface SweeperOptions {
  readonly gcGraceMs: number
  readonly callTimeoutMs: number
  readonly deadlineMs: number
  readonly maxClockSkewMs: number
  readonly sweepFullyEveryMs: number
  readonly sweepKeysPerSecond: number
}

/** How much faster than a scheduled sweep one goes that fills a joining replica. */
const rejoinHaste = 4

/** How a replica stood when a sweep began. */
interface Begun {
  readonly member: Member
  readonly voice: Voice | null
  readonly lineage: string | null
  /** So that hints which overflow during the sweep are not taken for swept. */
  readonly sweepMark: number
  readonly isQuiet: boolean
  /** In ms since 1970. */
  readonly beganAtMs: number
}

/** Carries sweeps out for the store, and draws the conclusions: who is full again, what may be purged, what is on record. */
export class Sweeper {
  readonly #parts: SweeperParts
  readonly #lease: SweepLease

  constructor(parts: SweeperParts) {
    this.#parts = parts
    this.#lease = new SweepLease(parts.membership, parts.runtime, parts.clock)
  }

  /** One sweep, now, whoever else sweeps. */
  async run(options: SweepOptions = {}): Promise<SweepReport> {
    const { membership, runtime } = this.#parts
    await membership.refresh()
    await membership.checkAll()
    const beganAtMs = runtime.clock.nowMs()
    const begun = membership.members.map((member) => ({
      member,
      voice: member.replica.gate.voice,
      lineage: member.lineage,
      sweepMark: this.#parts.hints.sweepMark(member.id),
      isQuiet: this.#isQuiet(member),
      beganAtMs,
    }))
    const outcome = await runSweep(this.#sweepParts(begun, beganAtMs), this.#withDefaults(options))
    if (options.preview !== true && outcome.report.isComplete) await this.#conclude(outcome, begun)
    return outcome.report
  }

  /**
   * The scheduled one: incremental while that will do. Null when another instance sweeps, or has just done it.
   * @param everyMs how often sweeps are scheduled; 0 when that is not known
   */
  async runScheduled(everyMs: number, signal: AbortSignal): Promise<SweepReport | null> {
    if (!(await this.#lease.acquire())) return null
    try {
      const last = this.#parts.membership.ledger.sweep
      const nowMs = this.#parts.runtime.clock.nowMs()
      if (last !== null && nowMs - last.sweptAtMs < everyMs / 2) return null
      if (!this.#mayBeIncremental(last, nowMs)) return await this.run({ signal })
      const report = await this.run({ kind: 'incremental', signal })
      return report.isComplete ? report : await this.run({ signal })
    } finally {
      await this.#lease.release()
    }
  }

  /** Fills joining replicas. @returns whether all members that can be reached are full */
  async rejoin(signal: AbortSignal): Promise<boolean> {
    const { membership } = this.#parts
    await membership.refresh()
    await membership.checkAll()
    if (!this.#isAnyJoining()) return true
    if (!this.#isJoiningDue() || !(await this.#lease.acquire())) return false
    try {
      // While a replica is missing, one more failure may cost a quorum: that is dearer than some load.
      const keysPerSecond = rejoinHaste * this.#parts.options.sweepKeysPerSecond
      if (this.#isJoiningDue()) await this.run({ signal, keysPerSecond })
    } finally {
      await this.#lease.release()
    }
    return !this.#isAnyJoining()
  }

  #isAnyJoining(): boolean {
    return this.#joining.length > 0
  }

  /** Whether a sweep may make any of them full now; where too few others are, nothing is gained by waiting. */
  #isJoiningDue(): boolean {
    const { n, w } = this.#parts.quorum()
    const full = this.#parts.membership.members.filter(({ standing }) => standing === 'full')
    const isEnough = full.length >= searchQuorum(n, w)
    return this.#joining.some((member) => !isEnough || this.#isQuiet(member))
  }

  /** Those that can be reached, and that a sweep may make full. */
  get #joining(): readonly Member[] {
    const joining = this.#parts.membership.members.filter(({ standing }) => standing === 'joining')
    return joining.filter(({ isInConflict, replica }) => !isInConflict && replica.condition() === 'up')
  }

  #mayBeIncremental(last: SweepEntry | null, nowMs: number): boolean {
    const { membership, options } = this.#parts
    if (last === null || last.sweptFullyAtMs === null) return false
    if (nowMs - last.sweptFullyAtMs >= options.sweepFullyEveryMs) return false
    return membership.members.every(
      ({ id, standing }) => standing === 'full' && (membership.ledger.replica(id)?.needsSweep ?? null) === null,
    )
  }

  #withDefaults(options: SweepOptions): SweepOptions {
    const { membership } = this.#parts
    const keysPerSecond = options.keysPerSecond ?? this.#parts.options.sweepKeysPerSecond
    const positions = options.positions ?? new Map(Object.entries(membership.ledger.sweep?.positions ?? {}))
    return { ...options, keysPerSecond, positions }
  }

  #sweepParts(begun: readonly Begun[], beganAtMs: number) {
    const { runtime, events, options, membership } = this.#parts
    const { n, w } = this.#parts.quorum()
    const purge = membership.ledger.sweep?.purge ?? null
    const full = begun.filter(({ voice }) => voice !== null).length
    const isEachThere = begun.every(({ member }) => member.replica.gate.isChecked)
    const isPurgeDue = purge !== null && beganAtMs - purge.announcedAtMs >= purgeNoticeMs(options.gcGraceMs)
    return {
      members: begun.map(({ member, voice, lineage }) => ({
        replica: member.replica,
        isFull: voice !== null,
        lineage,
      })),
      n,
      w,
      runtime,
      events,
      callTimeoutMs: options.callTimeoutMs,
      // A joining replica is not kept waiting by the load: until it is full, one more failure may cost a quorum.
      foregroundLatencyMs: () => (full < begun.length ? null : this.#parts.foregroundLatencyMs()),
      retirement: {
        // An older write that is still under way must find it, or would bring back what it took the place of.
        retainedUntilMs: beganAtMs - options.maxClockSkewMs - options.deadlineMs,
        diedUntilMs: isPurgeDue ? purge.diedUntilMs : -1,
      },
      purges: isPurgeDue,
      // Where too few are full, and nobody else is to come, what few hold may be all that is left of it.
      zombiesUntilMs:
        purge === null || (isEachThere && full < searchQuorum(n, w)) ? null : this.#zombiesUntilMs(purge, beganAtMs),
    }
  }

  /**
   * What was deleted later than the last purge was announced for is remembered still. Only of what is not younger than that,
   * and than the zombie age, every full replica has heard. The very millisecond is included: a write and its deletion may share it.
   */
  #zombiesUntilMs(purge: PurgeAnnouncement, nowMs: number): number {
    return Math.min(purge.diedUntilMs, nowMs - zombieAgeMs(this.#parts.options.gcGraceMs))
  }

  async #conclude(outcome: SweepOutcome, begun: readonly Begun[]): Promise<void> {
    const { membership } = this.#parts
    const { partition, kind } = outcome.report
    const exchange = exchangeOf(outcome, begun)
    const whole = partition.of === 1 ? exchange : await joinPartitions(membership, this.#parts, partition, exchange)
    if (whole !== null) await this.#concludeWhole(whole, kind, begun)
  }

  async #concludeWhole(exchange: Exchange, kind: SweepKind, begun: readonly Begun[]): Promise<void> {
    const { membership, runtime, clock, hints } = this.#parts
    const lost: string[] = []
    const entries = new Map<string, ReplicaEntry>()
    for (const each of begun) {
      const { id } = each.member
      const standing = this.#standingAfter(each, begun, exchange, kind)
      if (standing === null || each.lineage === null) continue
      if (standing === 'full with what is left') lost.push(id)
      const needsSweep = kind === 'full' ? null : (membership.ledger.replica(id)?.needsSweep ?? null)
      entries.set(id, { lineage: each.lineage, exchangedAtMs: exchange.exchangeBeganAtMs, needsSweep })
      if (kind === 'full') hints.sweptClean(id, each.sweepMark)
    }
    if (!(await membership.recordReplicas(entries))) return
    if (lost.length > 0) this.#announceLoss(lost)
    if (entries.size < begun.length) return
    const entry = this.#sweepEntry(kind, exchange)
    await membership.write([Ledger.sweepRecord(entry, clock.next(runtime.clock.nowMs()))])
  }

  /** Rules D2 and D4: what an exchange with these replicas makes of a member; null for nothing. */
  #standingAfter(
    each: Begun,
    begun: readonly Begun[],
    exchange: Exchange,
    kind: SweepKind,
  ): 'full' | 'full with what is left' | null {
    const { member, voice, lineage } = each
    const { n, w } = this.#parts.quorum()
    if (member.lineage !== lineage || member.replica.gate.voice !== voice) return null
    const exchangedWith = exchange.exchanged.get(member.id) ?? []
    const full = begun.filter(
      (other) =>
        exchange.full.includes(other.member.id) &&
        exchangedWith.includes(other.member.id) &&
        other.voice !== null &&
        other.member.replica.gate.voice === other.voice,
    )
    if (voice !== null) return full.length >= n - w ? 'full' : null
    if (kind !== 'full' || member.isInConflict) return null
    if (full.length >= searchQuorum(n, w)) return this.#wasQuiet(each, exchange.exchangeBeganAtMs) ? 'full' : null
    return exchangedWith.length === begun.length - 1 ? 'full with what is left' : null
  }

  /**
   * A write that was under way when a replica lost its data may still count on its acknowledgement, and reach others only
   * after they were swept. So what makes the replica full begins when all such writes are over.
   */
  #isQuiet({ joining }: Member): boolean {
    const { runtime, options } = this.#parts
    return joining === null || runtime.clock.monotonicMs() - joining.sinceMonotonicMs >= options.deadlineMs
  }

  /** An exchange that others, or an earlier sweep, have begun is dated by wall clocks alone. */
  #wasQuiet({ member: { joining }, isQuiet, beganAtMs }: Begun, exchangeBeganAtMs: number): boolean {
    if (joining === null || exchangeBeganAtMs >= beganAtMs) return isQuiet
    return exchangeBeganAtMs - joining.sinceMs >= this.#parts.options.deadlineMs
  }

  #announceLoss(replicas: readonly string[]): void {
    const reason = 'too few others held everything: what only they had acknowledged is gone'
    this.#parts.events.emit({ type: 'data-may-be-lost', replicas, reason })
  }

  #sweepEntry(kind: SweepKind, { exchangeBeganAtMs: beganAtMs, positions }: Exchange): SweepEntry {
    const { membership, options } = this.#parts
    const last = membership.ledger.sweep
    const purge = last?.purge ?? null
    const isDue = purge === null || beganAtMs - purge.announcedAtMs >= purgeNoticeMs(options.gcGraceMs)
    // Only full sweeps purge, so only after one is it time to announce the next.
    const isUsed = purge === null || (kind === 'full' && isDue)
    return {
      kind,
      sweptAtMs: beganAtMs,
      sweptFullyAtMs: kind === 'full' ? beganAtMs : (last?.sweptFullyAtMs ?? null),
      positions: Object.fromEntries(positions),
      purge: isUsed ? { diedUntilMs: beganAtMs - options.gcGraceMs, announcedAtMs: beganAtMs } : purge,
    }
  }
}

function exchangeOf({ exchangeBeganAtMs, exchanged, positions }: SweepOutcome, begun: readonly Begun[]): Exchange {
  const lineages = new Map<string, string>()
  for (const { member, lineage } of begun) if (lineage !== null) lineages.set(member.id, lineage)
  const full = begun.filter(({ voice }) => voice !== null).map(({ member }) => member.id)
  return { exchangeBeganAtMs, exchanged, positions, full, lineages }
}
