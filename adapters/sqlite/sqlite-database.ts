import type { Entry, PutOutcome } from '../../src/replica.ts'
import { systemRuntime } from '../../src/runtime.ts'
import { type DatabaseData, SqliteConnection } from './sqlite-connection.ts'
import { failureOf, type SqliteFailure, SqliteTrouble } from './sqlite-failure.ts'
import type { Answer, ChangesPage, ChangesQuestion, OperationName, Question } from './sqlite-operations.ts'
import { memoryPath } from './sqlite-source.ts'

export type Outcome<Name extends OperationName> =
  /** `lineage` is the one that the answer comes from. */
  | { readonly answer: Answer<Name>; readonly lineage: string; readonly failure?: never }
  | { readonly failure: SqliteFailure }

export interface DatabaseRequest<Name extends OperationName> {
  readonly name: Name
  readonly question: Question<Name>
  /** How long the call may take. */
  readonly budgetMs: number
  /** The only lineage to answer from; null for whichever it is. */
  readonly heldTo: string | null
}

type Perform = {
  readonly [Name in OperationName]: (connection: SqliteConnection, question: Question<Name>) => Answer<Name>
}

const perform: Perform = {
  getMany: (connection, keys) => connection.read(({ table }) => keys.map((key) => table.read(key))),
  getVersions: (connection, keys) => connection.read(({ table }) => keys.map((key) => table.head(key))),
  putManyIfNewer,
  purgeMany: (connection, heads) => connection.write(({ table }) => heads.map((head) => table.purge(head))),
  scanPage: (connection, question) => connection.read(({ scans }) => scans.read(question)),
  digestStep: (connection, question) => connection.read(({ digest }) => digest.add(question)),
  changesPage,
  // A transaction of nothing: it fails where the lineage is no longer in the table.
  lineage: (connection) => connection.read(() => connection.lineage),
}

function putManyIfNewer(connection: SqliteConnection, entries: readonly Entry[]): PutOutcome[] {
  return connection.write(({ table, changes }) => {
    const outcomes = entries.map((entry) => table.putIfNewer(entry))
    const stored = entries.filter((_entry, index) => outcomes[index]?.status === 'stored')
    changes.append(stored.map(({ record }) => record.key))
    return outcomes
  })
}

function changesPage(connection: SqliteConnection, { after }: ChangesQuestion): ChangesPage {
  const isThere = connection.read(({ changes }) => changes.isThere())
  if (!isThere) connection.write(({ changes }) => changes.create())
  return connection.read(({ changes }) => changes.page(after, connection.lineage))
}

/** The share of a call's time that it may wait for locks: the rest is for the work itself. */
const lockWaitShare = 0.9
/** Coarse, so that the setting rarely changes from call to call. */
const lockWaitStepMs = 10

/**
 * A database that is opened when it is needed, and again after a failure, or when its file is gone or another one: so
 * every call finds out anew, and writes never go to a file that was removed. Everything here blocks its thread.
 *
 * A call that is held to a lineage is answered from that one only. Where another one is found, whoever asks knows before
 * anything from the new data counts as an answer.
 */
export class SqliteDatabase {
  readonly #data: DatabaseData
  #connection: SqliteConnection | null = null

  constructor(data: DatabaseData) {
    this.#data = data
  }

  run<Name extends OperationName>(request: DatabaseRequest<Name>): Outcome<Name> {
    const lockWait = lockWaitWithin(request.budgetMs)
    const wasOpen = this.#connection !== null
    const outcome = this.#attempt(request, lockWait)
    const kind = outcome.failure?.kind
    const asksForTheLoss = kind === 'lineage-lost' && request.name === 'lineage'
    const mayBeWritableNow = kind === 'read-only' && wasOpen
    return asksForTheLoss || mayBeWritableNow ? this.#attempt(request, lockWait) : outcome
  }

  close(): void {
    this.#connection?.close()
    this.#connection = null
  }

  #attempt<Name extends OperationName>(
    { name, question, heldTo }: DatabaseRequest<Name>,
    lockWait: () => number,
  ): Outcome<Name> {
    const { path } = this.#data
    try {
      const connection = this.#connect(lockWait)
      if (heldTo !== null && connection.lineage !== heldTo) throw replaced()
      return { answer: perform[name](connection, question), lineage: connection.lineage }
    } catch (error) {
      const failure = failureOf(error, path)
      // What lives in memory goes with its connection; a file is opened afresh by the next call.
      if (failure.kind !== 'busy' && path !== memoryPath) this.close()
      return { failure }
    }
  }

  #connect(lockWait: () => number): SqliteConnection {
    if (this.#connection?.isCurrent() === false) this.close()
    this.#connection ??= new SqliteConnection(this.#data, lockWait)
    this.#connection.setLockWait(lockWait())
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
