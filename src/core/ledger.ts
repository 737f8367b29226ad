import { type CorruptRecord, isCorrupt, newValue, type VersionedRecord } from './record.ts'
import { compareRecords } from './resolve.ts'
import type { Version } from './version.ts'

/**
 * What the store keeps on record about itself, in records of its own that are replicated like any others. Their keys
 * start with U+0001 and a letter that no escape of `key.ts` uses, so that no key of a user can be one of them.
 */
const replicaPrefix = '\u0001ledger:replica:'
const sweepKey = '\u0001ledger:sweep'
const leaseKey = '\u0001ledger:lease'
const partitionPrefix = '\u0001ledger:partition:'

/** What is on record about one replica. */
export interface ReplicaEntry {
  /** The lineage under which it was full. */
  readonly lineage: string
  /** When the last exchange with enough full replicas began. */
  readonly exchangedAtMs: number
  /** Why it needs a sweep; null when it does not. */
  readonly needsSweep: string | null
}

/** What is on record about the sweeps of all processes. */
export interface SweepEntry {
  readonly kind: 'full' | 'incremental'
  /** When the last completed sweep began. */
  readonly sweptAtMs: number
  /** When the last completed sweep over everything began; null for none yet. */
  readonly sweptFullyAtMs: number | null
  /** Where the logs of changes ended when it began, by replica. */
  readonly positions: Readonly<Record<string, string>>
  /** The purge by age that was announced last; null for none ever. */
  readonly purge: PurgeAnnouncement | null
}

export interface PurgeAnnouncement {
  readonly diedUntilMs: number
  readonly announcedAtMs: number
}

/** One part of a sweep that several workers share: what it says of itself, to be put together with the others. */
export interface PartitionEntry {
  readonly exchangeBeganAtMs: number
  /** The lineage of each replica that took part. */
  readonly lineages: Readonly<Record<string, string>>
  /** The replicas that were full throughout. */
  readonly full: readonly string[]
  /** Which others each replica has exchanged with. */
  readonly exchanged: Readonly<Record<string, readonly string[]>>
  readonly positions: Readonly<Record<string, string>>
}

/** Who sweeps. */
export interface LeaseEntry {
  readonly holder: string
  readonly untilMs: number
}

/** The newest of the store's own records that were seen, from whatever replica. */
export class Ledger {
  readonly #records = new Map<string, VersionedRecord>()

  /** The keys to ask a replica for. */
  static keysFor(replicas: readonly string[]): readonly string[] {
    return [...replicas.map((id) => replicaPrefix + id), sweepKey, leaseKey]
  }

  static replicaRecord(id: string, entry: ReplicaEntry, version: Version): VersionedRecord {
    return newValue(replicaPrefix + id, version, JSON.stringify(entry), null)
  }

  static sweepRecord(entry: SweepEntry, version: Version): VersionedRecord {
    return newValue(sweepKey, version, JSON.stringify(entry), null)
  }

  static partitionKeys(of: number): readonly string[] {
    return Array.from({ length: of }, (_, partition) => `${partitionPrefix}${of}:${partition}`)
  }

  static partitionRecord(
    { partition, of }: { readonly partition: number; readonly of: number },
    entry: PartitionEntry,
    version: Version,
  ): VersionedRecord {
    return newValue(`${partitionPrefix}${of}:${partition}`, version, JSON.stringify(entry), null)
  }

  static leaseRecord(entry: LeaseEntry, version: Version): VersionedRecord {
    return newValue(leaseKey, version, JSON.stringify(entry), null)
  }

  /** Whether nothing is on record about any replica: a fresh deployment, or one that lost everything. */
  get isEmpty(): boolean {
    for (const key of this.#records.keys()) if (key.startsWith(replicaPrefix)) return false
    return true
  }

  observe(answers: readonly (VersionedRecord | CorruptRecord | null)[]): void {
    for (const answer of answers) {
      if (answer === null || isCorrupt(answer)) continue
      const known = this.#records.get(answer.key)
      if (known === undefined || compareRecords(answer, known) > 0) this.#records.set(answer.key, answer)
    }
  }

  get records(): readonly VersionedRecord[] {
    return [...this.#records.values()]
  }

  replica(id: string): ReplicaEntry | null {
    return parsed(this.#records.get(replicaPrefix + id), isReplicaEntry)
  }

  /** All parts of a shared sweep that are on record. */
  partitions(of: number): readonly PartitionEntry[] {
    const parts = Ledger.partitionKeys(of).map((key) => parsed(this.#records.get(key), isPartitionEntry))
    return parts.filter((part) => part !== null)
  }

  get sweep(): SweepEntry | null {
    return parsed(this.#records.get(sweepKey), isSweepEntry)
  }

  get lease(): LeaseEntry | null {
    return parsed(this.#records.get(leaseKey), isLeaseEntry)
  }
}

/** Whether a key is one of the store's own. */
export function isLedgerKey(key: string): boolean {
  return key.startsWith('\u0001ledger:')
}

/** A record that a later version wrote, that was damaged, or that is no JSON, tells nothing. */
function parsed<Entry>(record: VersionedRecord | undefined, is: (value: unknown) => value is Entry): Entry | null {
  if (record === undefined || record.kind === 'tombstone') return null
  try {
    const value: unknown = JSON.parse(record.payload)
    return is(value) ? value : null
  } catch {
    return null
  }
}

type Is = (value: unknown) => boolean

function isReplicaEntry(value: unknown): value is ReplicaEntry {
  return hasMembers(value, { lineage: isText, exchangedAtMs: isTime, needsSweep: isNullOr(isText) })
}

function isSweepEntry(value: unknown): value is SweepEntry {
  const isKind = (kind: unknown) => kind === 'full' || kind === 'incremental'
  const isPurge = (purge: unknown) => hasMembers(purge, { diedUntilMs: isTime, announcedAtMs: isTime })
  return hasMembers(value, {
    kind: isKind,
    sweptAtMs: isTime,
    sweptFullyAtMs: isNullOr(isTime),
    positions: isMapOf(isText),
    purge: isNullOr(isPurge),
  })
}

function isPartitionEntry(value: unknown): value is PartitionEntry {
  return hasMembers(value, {
    exchangeBeganAtMs: isTime,
    lineages: isMapOf(isText),
    full: isListOfTexts,
    exchanged: isMapOf(isListOfTexts),
    positions: isMapOf(isText),
  })
}

function isLeaseEntry(value: unknown): value is LeaseEntry {
  return hasMembers(value, { holder: isText, untilMs: isTime })
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}

/** JSON may hold a number too large for one, which reads as infinite. */
function isTime(value: unknown): boolean {
  return Number.isFinite(value)
}

function isListOfTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText)
}

function isNullOr(is: Is): Is {
  return (value) => value === null || is(value)
}

function isMapOf(is: Is): Is {
  return (value) => isObject(value) && Object.values(value).every(is)
}

function hasMembers(value: unknown, members: Readonly<Record<string, Is>>): boolean {
  return isObject(value) && Object.entries(members).every(([name, is]) => Object.hasOwn(value, name) && is(value[name]))
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
