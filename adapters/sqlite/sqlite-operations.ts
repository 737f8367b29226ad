import type { HashRange } from '../../src/core/hash.ts'
import type { RecordHead, ScanEntry } from '../../src/core/record.ts'
import type { Retirement } from '../../src/core/retirement.ts'
import type { Entry, PutOutcome, ReadAnswer, VersionAnswer } from '../../src/replica.ts'
import type { Vouching } from './sqlite-told-lineage.ts'

/** What a database is asked, and what it answers: plain data, so that both can go to another thread and back. */
export interface SqliteOperations {
  readonly getMany: Operation<readonly string[], readonly ReadAnswer[]>
  readonly getVersions: Operation<readonly string[], readonly VersionAnswer[]>
  readonly putManyIfNewer: Operation<readonly Entry[], readonly PutOutcome[]>
  readonly purgeMany: Operation<readonly RecordHead[], readonly boolean[]>
  readonly scanPage: Operation<ScanQuestion, ScanPage>
  readonly digestStep: Operation<DigestQuestion, DigestSlice>
  readonly changesPage: Operation<ChangesQuestion, ChangesPage>
  readonly lineage: Operation<null, string>
}

interface Operation<Question, Answer> {
  readonly question: Question
  readonly answer: Answer
}

export type OperationName = keyof SqliteOperations
export type Question<Name extends OperationName> = SqliteOperations[Name]['question']
export type Answer<Name extends OperationName> = SqliteOperations[Name]['answer']

export interface ScanQuestion {
  /** Ascending and apart. */
  readonly ranges: readonly HashRange[]
  readonly keyPrefix: string
  readonly pageKeysMax: number
  /** Only records that are retired by then; null for all. */
  readonly retired: Retirement | null
  /** Where the page before this one ended; null at the start. */
  readonly after: ScanCursor | null
}

export interface ScanCursor {
  readonly hash: number
  readonly key: string
}

export interface ScanPage {
  readonly heads: readonly ScanEntry[]
  /** Where the next page begins; null when this was the last. */
  readonly next: ScanCursor | null
}

export interface DigestQuestion {
  readonly retirement: Retirement
  /** Where the hashes of the digest begin that are still to be added. */
  readonly from: number
  readonly to: number
  /** How many hashes to add; null at the start, when nobody knows how many records these are. */
  readonly width: number | null
}

/** The sums of some hashes, by bucket: only of the buckets that they lie in, because it has a way to go. */
export interface DigestSlice {
  readonly records: number
  readonly retired: number
  readonly buckets: Uint16Array
  readonly sums: Uint32Array
  /** What to ask for next; null when this was the last. */
  readonly next: Pick<DigestQuestion, 'from' | 'width'> | null
}

export interface ChangesQuestion {
  readonly after: string | null
}

export interface ChangesPage {
  readonly keys: readonly string[]
  readonly position: string
  readonly isGap: boolean
  readonly isLast: boolean
}

/** Runs operations on one database, in a thread or in place. Every rejection is a `ReplicaError`. */
export interface SqliteExecutor {
  /** What a call made now is held to. */
  vouching(): Vouching
  /** @param vouching for work in several steps, all of them held to the same. Default: that of now. */
  run<Name extends OperationName>(
    name: Name,
    question: Question<Name>,
    timeoutMs: number,
    vouching?: Vouching,
  ): Promise<Answer<Name>>
  close(): Promise<void>
}
