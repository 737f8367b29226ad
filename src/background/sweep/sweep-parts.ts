import type { Retirement } from '../../core/retirement.ts'
import type { Events } from '../../events.ts'
import type { Runtime } from '../../runtime.ts'
import type { WatchedReplica } from '../../wrap/detector.ts'

export interface SweepMember {
  readonly replica: WatchedReplica
  /** False for one that is joining: it takes part, and its silence means nothing. */
  readonly isFull: boolean
  /** As it was told last. A sweep that is gone on with counts only for those that have the one they had before. */
  readonly lineage?: string | null
}

/** What a sweep works on and with. */
export interface SweepParts {
  /** All replicas of the store, also those that are down. */
  readonly members: readonly SweepMember[]
  readonly n: number
  readonly w: number
  readonly runtime: Runtime
  readonly events: Events
  readonly callTimeoutMs: number
  /** What is retired: left out of digests, not given to replicas that hold nothing, purged. */
  readonly retirement: Retirement
  /** Whether dead records may be purged by gc grace; those past their retention are purged in any case. */
  readonly purges: boolean
  /** A live record with a version time up to this, on fewer than w replicas, may be a zombie; null when none can exist. */
  readonly zombiesUntilMs: number | null
  /** How long requests of the store's users took of late, in ms; null when there were none. */
  readonly foregroundLatencyMs?: () => number | null
}

/** What bounds the memory of a sweep, whatever differs. */
export interface SweepLimits {
  /** The most heads in a page of a scan, and the most keys that are compared at once. */
  readonly pageKeysMax: number
  /** About how many keys a slice of a full sweep is to hold: when it is done, the cursor moves on. */
  readonly sliceKeys: number
  /** The most slices: a backend without an index goes through everything for each. */
  readonly slicesMax: number
  /** The most keys of a slice that are remembered as compared; further ones are compared once for each replica. */
  readonly comparedKeysMax: number
  /** The most keys that an incremental sweep collects; with more it asks for a full one. */
  readonly changedKeysMax: number
  /** About the most characters of payload that are on their way at once, unless a single record has more. */
  readonly payloadLengthMax: number
}

export const sweepLimits: SweepLimits = {
  pageKeysMax: 1_000,
  sliceKeys: 100_000,
  slicesMax: 16,
  comparedKeysMax: 200_000,
  changedKeysMax: 500_000,
  payloadLengthMax: 4_000_000,
}
