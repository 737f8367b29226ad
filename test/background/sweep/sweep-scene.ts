import { runSweep, type SweepOutcome } from '../../../src/background/sweep/sweep.ts'
import type { SweepOptions } from '../../../src/background/sweep/sweep-options.ts'
import { type SweepLimits, type SweepParts, sweepLimits } from '../../../src/background/sweep/sweep-parts.ts'
import type { ReplicaSweepReport } from '../../../src/background/sweep/sweep-report.ts'
import { wholeRange } from '../../../src/core/hash.ts'
import { newTombstone, newValue, type RecordHead, type VersionedRecord } from '../../../src/core/record.ts'
import { timeText, type Version } from '../../../src/core/version.ts'
import { Events, type QuorumEvent } from '../../../src/events.ts'
import { withChecks } from '../../../src/wrap/checked.ts'
import { withDeadline } from '../../../src/wrap/deadline.ts'
import { withFailureDetector } from '../../../src/wrap/detector.ts'
import { endOf } from '../../support/end-of.ts'
import { ScriptedReplica, type ScriptedReplicaOptions } from '../../support/scripted-replica.ts'
import { type SimulatedRuntime, SimulatedTime } from '../../support/simulated-time.ts'

export const nowMs = 1_000_000
const callTimeoutMs = 1_000

/** The version of that time, by the writer of that letter. */
export function versionAt(ms: number, writer = 'a'): Version {
  return `${timeText(ms)}0000${writer.repeat(12)}`
}

export function value(key: string, atMs: number, expiresAtMs: number | null = null): VersionedRecord {
  return newValue(key, versionAt(atMs), `${key} at ${atMs}`, expiresAtMs)
}

export function tombstone(key: string, atMs: number, retainUntilMs = atMs): VersionedRecord {
  return { ...newTombstone(key, versionAt(atMs), atMs), retainUntilMs }
}

export interface SweepSceneOptions {
  readonly n?: number
  readonly w?: number
  /** By replica; those left out are as scripted replicas are. */
  readonly scripted?: readonly ScriptedReplicaOptions[]
  /** The replicas that are joining. */
  readonly joining?: readonly number[]
  readonly parts?: Partial<SweepParts>
  readonly limits?: Partial<SweepLimits>
}

/** Scripted replicas A, B, C, … behind the wraps that a store gives them, and what a sweep over them needs. */
export class SweepScene {
  readonly time = new SimulatedTime(nowMs)
  readonly runtime: SimulatedRuntime = this.time.runtime()
  readonly replicas: readonly ScriptedReplica[]
  readonly parts: SweepParts
  readonly limits: SweepLimits
  readonly events: QuorumEvent[] = []

  constructor({ n = 3, w = 2, scripted = [], joining = [], parts = {}, limits = {} }: SweepSceneOptions = {}) {
    const events = new Events()
    events.on('event', (event) => this.events.push(event))
    const nameOf = (index: number) => String.fromCharCode(65 + index)
    this.replicas = Array.from(
      { length: n },
      (_, index) => new ScriptedReplica(nameOf(index), this.time.timers, scripted[index]),
    )
    const members = this.replicas.map((replica, index) => ({
      replica: withFailureDetector(withDeadline(withChecks(replica), this.time.timers), this.runtime, events),
      isFull: !joining.includes(index),
    }))
    this.limits = { ...sweepLimits, ...limits }
    this.parts = {
      ...{ members, n, w, runtime: this.runtime, events, callTimeoutMs },
      retirement: { retainedUntilMs: nowMs, diedUntilMs: -1 },
      purges: false,
      zombiesUntilMs: null,
      ...parts,
    }
  }

  replica(index: number): ScriptedReplica {
    const replica = this.replicas[index]
    if (replica === undefined) throw new RangeError(`there is no replica ${index}`)
    return replica
  }

  place(index: number, ...records: readonly VersionedRecord[]): void {
    for (const record of records) this.replica(index).store.place(record)
  }

  /** Sweeps at full speed unless told otherwise, and lets time pass until it has ended. */
  async sweep(options: SweepOptions = {}): Promise<SweepOutcome> {
    const swept = runSweep(this.parts, { keysPerSecond: Number.POSITIVE_INFINITY, ...options }, this.limits)
    const end = endOf(swept)
    while (end.state === 'open') await this.time.advance(100)
    return swept
  }

  /** What replicas hold for a key, as `t` and the version's time for a tombstone, `-` for nothing. */
  held(key: string): string {
    return this.replicas.map(({ store }) => drawn(store.peek(key))).join(' ')
  }

  /** All that a replica holds, without retentions, which are no part of a record's identity. */
  contents(index: number): Map<string, string> {
    const { store } = this.replica(index)
    return new Map(store.keys.toSorted().map((key) => [key, identity(store.peek(key))]))
  }

  /** Puts that changed something, at any replica. */
  get writes(): number {
    return this.replicas.flatMap((replica) => [...replica.callsOf('putManyIfNewer'), ...replica.callsOf('purgeMany')])
      .length
  }
}

/** Every scan gives all that is held: the filters are the caller's to apply again. */
export function giveEverything(replica: ScriptedReplica): void {
  const scan = replica.scan.bind(replica)
  replica.scan = (_range, { pageTimeoutMs, pageKeysMax }) => scan(wholeRange, { pageTimeoutMs, pageKeysMax })
}

export function figures(outcome: SweepOutcome, name: keyof ReplicaSweepReport): readonly unknown[] {
  return outcome.report.replicas.map((replica) => replica[name])
}

/** Everything but times and bytes. */
export function counted({ report }: SweepOutcome) {
  const { differing, left, differingKeys } = report
  const replicas = report.replicas.map(({ bytes: _bytes, tookMs: _tookMs, ...counts }) => counts)
  return { differing, left, differingKeys, replicas }
}

function drawn(record: RecordHead | null): string {
  if (record === null) return '-'
  return `${record.kind === 'tombstone' ? 't' : ''}${Number.parseInt(record.version.slice(0, 12), 16)}`
}

function identity(record: VersionedRecord | null): string {
  return record === null ? '-' : `${drawn(record)} ${record.expiresAtMs} ${record.payload}`
}
