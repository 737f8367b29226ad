import type { Digest } from './core/digest.ts'
import type { HashRange } from './core/hash.ts'
import type { CorruptRecord, RecordHead, RecordStamp, ScanEntry, StoredHead, VersionedRecord } from './core/record.ts'
import type { Retirement } from './core/retirement.ts'

/**
 * The port that backends implement: one replica of the store.
 *
 * What every method keeps to:
 * - Answers come in the order of the request, one for each entry of it. An empty request gets an empty answer.
 * - A rejection, always with a {@link ./errors.ts ReplicaError}, means that the replica failed as a whole and says
 *   nothing about any entry: entries may or may not have been applied. Absence is an answer (`null`), never a failure,
 *   and a failure is never absence: a driver that reports failure as a miss is turned back into a rejection.
 * - Keys are well-formed Unicode without NUL, of any length; payloads too. The caller gives each key at most once a batch.
 * - Nothing is queued for a server that cannot be reached: a call that cannot be sent rejects with `UNAVAILABLE`.
 * - When `timeoutMs` is over, the call has rejected with `TIMEOUT` and what it holds (a connection, a slot) is free
 *   again, also when the server never answers. A write that was sent may still be applied, later: that is harmless,
 *   because it is applied only where it is newer.
 * - A replica that is down at first, or goes away, comes back by itself: every call finds out anew.
 * - After `close()` every call rejects with `CLOSED`.
 */
export interface Replica {
  /** Stable across restarts: names the replica in hints, events and errors. Holds no password. */
  readonly id: string
  readonly guarantees: ReplicaGuarantees
  readonly limits: ReplicaLimits

  getMany(keys: readonly string[], options: CallOptions): Promise<readonly ReadAnswer[]>

  /** Like {@link getMany} without payloads, so without checksums: only an unreadable head is `corrupt` here. */
  getVersions(keys: readonly string[], options: CallOptions): Promise<readonly VersionAnswer[]>

  /**
   * Stores each record where it is newer than the one held, by the order of `core/resolve.ts`: version, then tombstone
   * over value, then the larger payload bytes. An unreadable record counts as older than any.
   *
   * The larger `retainUntilMs` of the two stays at this replica, in the same atomic step, also when the record itself
   * is already held. With `guarantees.putIfNewer` `'atomic'`, each entry is one atomic step at the backend.
   */
  putManyIfNewer(entries: readonly Entry[], options: CallOptions): Promise<readonly PutOutcome[]>

  /** Removes each record if it is still held at exactly that version; true where it was removed. */
  purgeMany(heads: readonly RecordHead[], options: CallOptions): Promise<readonly boolean[]>

  /**
   * Heads of all records in the range, dead ones included, in pages of bounded size, in any order. Every record held
   * throughout the scan comes at least once; one written, replaced or purged meanwhile may come or not. A page may be
   * empty: one that looks for long without finding what is wanted comes back in time all the same. A scan that
   * cannot go on rejects: it never just ends. An unreadable record comes by its key, as `core/record.ts` `unreadableHead`
   * gives it; where not even the key can be told, the scan rejects with `CORRUPT`.
   */
  scan(range: HashRange, options: ScanOptions): AsyncIterable<readonly ScanEntry[]>

  /**
   * An id that changes whenever the replica may have lost acknowledged writes: a Redis server that restarted without
   * its append-only file, a new memory replica, a SQL table created anew.
   *
   * Once it was told, every answer is vouched for by it: when the lineage is another by the time of a call (reconnected to
   * a server that lost its data, a table or a file emptied or made anew), that call rejects, with `UNAVAILABLE` where it
   * changed nothing, else with `TIMEOUT`. After such a rejection calls go on unvouched until `lineage` is asked again;
   * so a caller that asks again after every rejection never takes the emptiness of a replica that lost its data for an
   * answer.
   */
  lineage(options: CallOptions): Promise<string>

  /**
   * The sums of `core/digest.ts` over the records in the range that are not retired, computed where the records are. In
   * steps of bounded work: what they give is to be added up. Without it the store scans. A step fails as a page does.
   */
  digest?(range: HashRange, options: DigestOptions): AsyncIterable<DigestStep>

  /**
   * The keys that were put after a position of this replica's own log of changes, each at least once; without one, or
   * without this method, only whole digests tell what changed. With `after` null: nothing but the position of now. A put
   * that was acknowledged before the call is in it, or before its position. The log is bounded: where it no longer reaches
   * back, or was lost, one step with `isGap` comes, and the position of now.
   */
  changes?(after: string | null, options: ChangesOptions): AsyncIterable<ChangesStep>

  close(): Promise<void>
}

/** Stated by the adapter, never sniffed; the conformance suite rejects a false statement. */
export interface ReplicaGuarantees {
  /** `'atomic'`: each put is one step at the backend. `'racy'`: read, compare, write, safe within one process only. */
  readonly putIfNewer: 'atomic' | 'racy'
  /** Who else sees this replica's data: only this process, the processes of this host, or every host. */
  readonly sharedBy: 'process' | 'host' | 'network'
  /** What is behind the replica, for messages: `redis`, `postgres`, `sqlite`, `memory`, `keyv`. */
  readonly backend: string
}

export interface ReplicaLimits {
  /** The most entries in one call; larger batches are cut. */
  readonly batchKeysMax: number
  /** The most calls under way at once; further ones join the next batch. */
  readonly callsInFlightMax: number
}

export interface CallOptions {
  /** How long this call may take, in ms, counted from the call. */
  readonly timeoutMs: number
  /** How long the call may wait for its turn before that, in ms. Default: `timeoutMs`. Adapters ignore it. */
  readonly queueMs?: number
  /**
   * Set when no quorum would be left without this replica: the failure detector lets the call through. Adapters ignore it.
   */
  readonly lastResort?: boolean
}

export interface ScanOptions {
  /** How long one page may take, in ms. */
  readonly pageTimeoutMs: number
  /** The most heads in a page; a page may hold fewer, or none. */
  readonly pageKeysMax: number
  /** Only keys that start with this text. */
  readonly keyPrefix?: string
  /** Only keys in these buckets of `core/digest.ts`, ascending. An adapter may ignore it: the caller looks again. */
  readonly buckets?: readonly number[]
  /** Only records that are retired by these times. An adapter may ignore it: the caller looks again. */
  readonly retired?: Retirement
  readonly signal?: AbortSignal
}

export interface DigestOptions {
  /** How long one step may take, in ms. */
  readonly stepTimeoutMs: number
  /** Records retired by these times are left out. */
  readonly retirement: Retirement
  readonly signal?: AbortSignal
}

export interface DigestStep {
  /** How many records this step looked at, whether in the range or not. */
  readonly records: number
  /** To be added to those of the other steps; null for none yet. */
  readonly sums: Digest | null
  /**
   * How many records of the range it left out because they are retired, or more: where all steps say 0, a sweep spares
   * itself the walk that looks for them. Absent where nobody counted.
   */
  readonly retired?: number
}

export interface ChangesOptions {
  /** How long one step may take, in ms. */
  readonly stepTimeoutMs: number
  readonly signal?: AbortSignal
}

export interface ChangesStep {
  readonly keys: readonly string[]
  /** Where to go on from, now or in a later call. At most 200 characters of ASCII. */
  readonly position: string
  /** The log does not reach back to where it was asked from: something may be missing. */
  readonly isGap?: boolean
}

/** One write: the record for its key. */
export interface Entry {
  readonly record: VersionedRecord
  /**
   * The replica answered `corrupt` for this key: replace what it holds at the very same version too. Safe to race,
   * because equal versions mean equal records.
   */
  readonly mendsCorrupt?: boolean
  /**
   * The `storedIdentity` of that answer, from a read that a quorum of others answered: replace what is held also where it
   * is exactly this, although it seems newer. Then its version is damaged, or it is a write that nobody acknowledged.
   */
  readonly mendsIdentity?: string
}

export type ReadAnswer = VersionedRecord | CorruptRecord | null
export type VersionAnswer = StoredHead | CorruptRecord | null

export type PutOutcome =
  /** The record was stored. `replaced` is what it took the place of; null when there was nothing readable. */
  | { readonly status: 'stored'; readonly retainUntilMs: number; readonly replaced: RecordStamp | null }
  /** The very same record was held already. */
  | { readonly status: 'held'; readonly retainUntilMs: number }
  /** A newer record is held; nothing was changed. */
  | { readonly status: 'superseded'; readonly by: RecordStamp }
