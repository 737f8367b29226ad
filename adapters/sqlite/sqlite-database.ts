import { systemRuntime } from '../../src/runtime.ts'
import { SqliteConnection } from './sqlite-connection.ts'
import { failureOf, type SqliteFailure, SqliteTrouble } from './sqlite-failure.ts'
import type { Answer, OperationName, Question } from './sqlite-operations.ts'
import { memoryPath } from './sqlite-source.ts'

export type Outcome<Name extends OperationName> =
  | { readonly answer: Answer<Name>; readonly failure?: never }
  | { readonly failure: SqliteFailure }

type Perform = {
  readonly [Name in OperationName]: (connection: SqliteConnection, question: Question<Name>) => Answer<Name>
}

const perform: Perform = {
  getMany: (connection, keys) => connection.read((table) => keys.map((key) => table.read(key))),
  getVersions: (connection, keys) => connection.read((table) => keys.map((key) => table.head(key))),
  putManyIfNewer: (connection, entries) => connection.write((table) => entries.map((entry) => table.putIfNewer(entry))),
  purgeMany: (connection, heads) => connection.write((table) => heads.map((head) => table.purge(head))),
  scanPage: (connection, question) => connection.read((table) => table.scanPage(question)),
  // A transaction of nothing: it fails where the lineage is no longer in the table.
  lineage: (connection) => connection.read(() => connection.lineage),
}

/** The share of a call's time that it may wait for locks: the rest is for the work itself. */
const lockWaitShare = 0.9
/** Coarse, so that the setting rarely changes from call to call. */
const lockWaitStepMs = 10

/**
 * A database that is opened when it is needed, and again after a failure, or when its file is gone or another one: so
 * every call finds out anew, and writes never go to a file that was removed. Everything here blocks its thread.
 *
 * Answers come only from the lineage that earlier calls saw. The first call that meets another one fails, so that
 * whoever asks knows before anything from the new data counts as an answer.
 */
export class SqliteDatabase {
  readonly #path: string
  readonly #table: string
  #connection: SqliteConnection | null = null
  #lineageSeen: string | null = null

  /** @param path absolute, or `:memory:` */
  constructor(path: string, table: string) {
    this.#path = path
    this.#table = table
  }

  /** @param budgetMs how long the call may take */
  run<Name extends OperationName>(name: Name, question: Question<Name>, budgetMs: number): Outcome<Name> {
    const lockWait = lockWaitWithin(budgetMs)
    const wasOpen = this.#connection !== null
    const outcome = this.#attempt(name, question, lockWait)
    const kind = outcome.failure?.kind
    const asksForTheLoss = kind === 'lineage-lost' && name === 'lineage'
    const mayBeWritableNow = kind === 'read-only' && wasOpen
    return asksForTheLoss || mayBeWritableNow ? this.#attempt(name, question, lockWait) : outcome
  }

  close(): void {
    this.#connection?.close()
    this.#connection = null
  }

  #attempt<Name extends OperationName>(name: Name, question: Question<Name>, lockWait: () => number): Outcome<Name> {
    try {
      return { answer: perform[name](this.#connect(lockWait), question) }
    } catch (error) {
      const failure = failureOf(error, this.#path)
      if (failure.kind === 'lineage-lost') this.#lineageSeen = null
      // What lives in memory goes with its connection; a file is opened afresh by the next call.
      if (failure.kind !== 'busy' && this.#path !== memoryPath) this.close()
      return { failure }
    }
  }

  #connect(lockWait: () => number): SqliteConnection {
    if (this.#connection?.isCurrent() === false) this.close()
    this.#connection ??= new SqliteConnection(this.#path, this.#table, lockWait)
    this.#connection.setLockWait(lockWait())
    const { lineage } = this.#connection
    if (this.#lineageSeen !== null && this.#lineageSeen !== lineage) throw replaced()
    this.#lineageSeen = lineage
    return this.#connection
  }
}

/** What is left of the wait, however many times a call has to wait. */
function lockWaitWithin(budgetMs: number): () => number {
  const { clock } = systemRuntime
  const untilMs = clock.monotonicMs() + budgetMs * lockWaitShare
  return () => Math.max(0, Math.ceil((untilMs - clock.monotonicMs()) / lockWaitStepMs) * lockWaitStepMs)
}

function replaced(): SqliteTrouble {
  return new SqliteTrouble('UNAVAILABLE', 'its file or table was replaced: ask for its lineage again', 'lineage-lost')
}
