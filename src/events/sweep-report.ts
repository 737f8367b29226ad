/** `full`: digests of everything are compared. `incremental`: only the keys that were put since the last sweep. */
export type SweepKind = 'full' | 'incremental'

/** One of `of` equal parts of the keys, by their hash; `partition` counts from 0. */
export interface SweepPartition {
  readonly partition: number
  readonly of: number
}

/** What a sweep found and did. Of a preview: what a real sweep would have done, with nothing written. */
export interface SweepReport {
  readonly kind: SweepKind
  readonly isPreview: boolean
  /** The whole is `{ partition: 0, of: 1 }`. */
  readonly partition: SweepPartition
  /**
   * Whether it went through all of the partition, with at least two replicas to the end (or the only one there is).
   * Replicas that were left out say so in `skipped`.
   */
  readonly isComplete: boolean
  /** Wall clock, ms since 1970. */
  readonly startedAtMs: number
  readonly tookMs: number
  /** Keys that some replica held otherwise than the others, whatever became of them. */
  readonly differing: number
  /** Keys left where they are, because it takes more replicas to tell whether they are zombies. */
  readonly left: number
  /** The first 100 keys that differed. */
  readonly differingKeys: readonly string[]
  /** One for each replica, in the order of the store. */
  readonly replicas: readonly ReplicaSweepReport[]
}

export interface ReplicaSweepReport {
  readonly replica: string
  /** Keys of which this replica's version was looked at; those whose digests agree are none. */
  readonly compared: number
  /** Keys of which it held something older than the newest, nothing, something unreadable, or a zombie. */
  readonly differing: number
  /** Records it was given. */
  readonly pulled: number
  /** Records it gave, counted once for each replica that took one. */
  readonly pushed: number
  /** Dead records that were removed at the end of their time. */
  readonly purged: number
  /** Live records that were removed because they are older than any acknowledged record can be on so few replicas. */
  readonly zombies: number
  /** About what travelled over its connection, estimated from keys, heads, payloads and digests. */
  readonly bytes: number
  /** How long the sweep waited for it, in ms, all its calls added up. */
  readonly tookMs: number
  /** Why it was left out, from the start or from half-way on; null when it took part to the end. */
  readonly skipped: string | null
}

/** How far a sweep has come. */
export interface SweepProgress {
  readonly kind: SweepKind
  readonly isPreview: boolean
  readonly partition: SweepPartition
  readonly phase: 'digests' | 'keys' | 'purge'
  /** From 0 to 1, of this phase. */
  readonly fraction: number
  /** Records looked at so far, at all replicas. */
  readonly looked: number
  /** Keys that differed so far. */
  readonly differing: number
  /** Where a full sweep can be taken up again, when this one is given up now; null while there is nothing to spare. */
  readonly cursor: SweepCursor | null
}

/** Where to go on with a full sweep that was cut short. Plain data, to be kept as JSON. */
export interface SweepCursor {
  readonly partition: SweepPartition
  /** All buckets of the partition before this one are done. */
  readonly bucket: number
  /** When the first part began, in ms since 1970. */
  readonly startedAtMs: number
  /** The replicas that took part in all of what is done, with their lineages then; empty for one that is not known. */
  readonly replicas: Readonly<Record<string, string>>
  /** Positions in their logs of changes from before the first part, by replica; see `SweepOutcome`. */
  readonly positions: Readonly<Record<string, string>>
}
