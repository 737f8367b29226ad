import type { HashRange } from '../../src/core/hash.ts'
import type { RecordHead, ScanEntry } from '../../src/core/record.ts'
import type { Entry, PutOutcome, ReadAnswer, VersionAnswer } from '../../src/replica.ts'

/** What a database is asked, and what it answers: plain data, so that both can go to another thread and back. */
export interface SqliteOperations {
  readonly getMany: Operation<readonly string[], readonly ReadAnswer[]>
  readonly getVersions: Operation<readonly string[], readonly VersionAnswer[]>
  readonly putManyIfNewer: Operation<readonly Entry[], readonly PutOutcome[]>
  readonly purgeMany: Operation<readonly RecordHead[], readonly boolean[]>
  readonly scanPage: Operation<ScanQuestion, ScanPage>
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
  readonly range: HashRange
  readonly keyPrefix: string
  readonly pageKeysMax: number
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

/** Runs operations on one database, in a thread or in place. Every rejection is a `ReplicaError`. */
export interface SqliteExecutor {
  run<Name extends OperationName>(name: Name, question: Question<Name>, timeoutMs: number): Promise<Answer<Name>>
  close(): Promise<void>
}
