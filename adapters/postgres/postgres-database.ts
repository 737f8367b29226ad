import { keyHash } from '../../src/core/hash.ts'
import { ReplicaError } from '../../src/errors.ts'
import { systemRuntime } from '../../src/runtime.ts'
import type { PostgresConnection } from './postgres-connection.ts'
import type { PostgresConnections } from './postgres-connections.ts'
import { sqlStateOf } from './postgres-errors.ts'
import type { Row } from './postgres-rows.ts'
import { creationScript, type PostgresStatements, postgresStatements, type Statement } from './postgres-statements.ts'
import { type PostgresTable, quotedName } from './postgres-table.ts'

/** Runs statements inside one call: one after the other, on one connection, inside one time limit. */
export type RunStatement = (statement: Statement, values: readonly unknown[]) => Promise<readonly Row[]>

/** How often a statement is tried when the server has undone it for a reason that may be gone the next time. */
const attemptsMax = 5

/** The shortest pause before that, where another statement must get ahead; the longest is twice that. */
const pauseMs = 50

/** No such table, no such schema. */
const missing = new Set(['42P01', '3F000'])
/** Another session created it at the very same moment. */
const createdByAnother = new Set(['23505', '42P06', '42P07', '42710'])
/** Deadlock, serialization failure: the other one has gone on, this statement left no trace. */
const undone = new Set(['40P01', '40001'])
/** No such prepared statement, or another one by that name: a pooler gives each transaction another server connection. */
const notPrepared = new Set(['26000', '42P05'])

/** The replica's table, created when it is missed, and statements over it. */
export class PostgresDatabase {
  readonly replica: string
  readonly statements: PostgresStatements
  readonly #connections: PostgresConnections
  readonly #table: PostgresTable
  #canPrepare = true

  constructor(replica: string, connections: PostgresConnections, table: PostgresTable) {
    this.replica = replica
    this.statements = postgresStatements(table.qualifiedName)
    this.#connections = connections
    this.#table = table
  }

  call<Answer>(timeoutMs: number, work: (run: RunStatement) => Promise<Answer>): Promise<Answer> {
    return this.#connections.run(timeoutMs, (connection) =>
      work((statement, values) => this.#run(connection, statement, values)),
    )
  }

  /** For requests with an entry for each answer: an empty one needs no server. */
  async callFor<Answer>(
    entries: readonly unknown[],
    timeoutMs: number,
    work: (run: RunStatement) => Promise<readonly Answer[]>,
  ): Promise<readonly Answer[]> {
    if (entries.length > 0) return this.call(timeoutMs, work)
    this.#connections.assertOpen()
    return []
  }

  close(): Promise<void> {
    return this.#connections.close()
  }

  async #run(
    connection: PostgresConnection,
    statement: Statement,
    values: readonly unknown[],
  ): Promise<readonly Row[]> {
    for (let attempt = 1; ; attempt += 1) {
      const isPrepared = this.#canPrepare && !connection.hasStalePlans
      try {
        return await connection.request(isPrepared ? statement : { text: statement.text }, values)
      } catch (error) {
        if (attempt === attemptsMax || !(await this.#mend(connection, error))) throw error
      }
    }
  }

  /** Whether the statement, which has changed nothing, should be tried again. */
  async #mend(connection: PostgresConnection, error: unknown): Promise<boolean> {
    const state = sqlStateOf(error)
    if (state === null) return false
    if (missing.has(state)) {
      await this.#create(connection)
      return true
    }
    if (notPrepared.has(state)) this.#canPrepare = false
    else if (isStalePlan(error)) connection.noteStalePlans()
    else if (undone.has(state)) await pause()
    else return false
    return true
  }

  /**
   * Safe when many processes do it at once: one goes first, the others find its work done. Asks before it creates a
   * schema, because even `IF NOT EXISTS` takes the right to create one.
   */
  async #create(connection: PostgresConnection): Promise<void> {
    const { schema, name, qualifiedName } = this.#table
    const quotedSchema = quotedName('schema', schema)
    const [facts] = await connection.request(
      { text: `SELECT to_regnamespace($1) IS NULL, current_setting('server_encoding')` },
      [quotedSchema],
    )
    if (facts?.[1] !== 'UTF8') throw this.#encodingError(facts?.[1] ?? 'unknown')
    const text = creationScript(qualifiedName, {
      schemaToCreate: facts[0] === 't' ? quotedSchema : null,
      lock: keyHash(`${schema}.${name}`) | 0,
      lineage: systemRuntime.random.hex(32),
    })
    try {
      await connection.request({ text })
    } catch (error) {
      if (!createdByAnother.has(sqlStateOf(error) ?? '')) throw error
    }
  }

  #encodingError(encoding: string): ReplicaError {
    const message = `the encoding of the database is ${encoding}; only UTF8 holds every key and value`
    return new ReplicaError('REJECTED', message, { replica: this.replica })
  }
}

/** Tried again at once, a statement can overtake the one it had to give way to, and meet it again. */
function pause(): Promise<void> {
  const { random, timers } = systemRuntime
  return new Promise((resolve) => void timers.after((1 + random.fraction()) * pauseMs, resolve))
}

/** "cached plan must not change result type": somebody altered the table. The message follows the server's language. */
function isStalePlan(error: unknown): boolean {
  return error instanceof Error && 'routine' in error && error.routine === 'RevalidateCachedQuery'
}
