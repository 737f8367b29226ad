import { keyHash } from '../../src/core/hash.ts'
import { ReplicaError } from '../../src/errors.ts'
import { systemRuntime } from '../../src/runtime.ts'
import { creationScript } from './creation-script.ts'
import { type CallGround, PostgresCall } from './postgres-call.ts'
import type { PostgresConnection } from './postgres-connection.ts'
import type { PostgresConnections } from './postgres-connections.ts'
import { sqlStateOf } from './postgres-errors.ts'
import { readLineage } from './postgres-lineage.ts'
import type { Statement } from './postgres-statement.ts'
import { type PostgresStatements, postgresStatements, type StatementName } from './postgres-statements.ts'
import { type PostgresTable, quotedName } from './postgres-table.ts'
import type { RunStatement } from './run-statement.ts'
import type { ToldLineage } from './told-lineage.ts'

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

/** May not create a table, or not write to one. */
const notAllowed = '42501'

/** The replica's tables, created when they are missed, and statements over them. */
export class PostgresDatabase implements CallGround {
  readonly replica: string
  readonly #connections: PostgresConnections
  readonly #table: PostgresTable
  readonly #statements = new Map<string, PostgresStatements>()
  #told: ToldLineage | null = null
  #canPrepare = true
  #isLogged: boolean

  /** @param options.isLogged whether puts are written down in the log of changes */
  constructor(
    replica: string,
    connections: PostgresConnections,
    table: PostgresTable,
    options: { readonly isLogged: boolean },
  ) {
    this.replica = replica
    this.#connections = connections
    this.#table = table
    this.#isLogged = options.isLogged
  }

  get canPrepare(): boolean {
    return this.#canPrepare
  }

  get isLogged(): boolean {
    return this.#isLogged
  }

  /** What a call that begins now is vouched for with; null for nothing. */
  get vouching(): ToldLineage | null {
    return this.#told === null || this.#told.isRevoked ? null : this.#told
  }

  call<Answer>(
    timeoutMs: number,
    work: (run: RunStatement) => Promise<Answer>,
    told: ToldLineage | null = this.vouching,
  ): Promise<Answer> {
    return this.#connections.run(timeoutMs, (connection) => work(new PostgresCall(this, connection, told).run))
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

  async tellLineage(timeoutMs: number): Promise<string> {
    this.#told = await this.call(timeoutMs, (run) => readLineage(this.replica, run), null)
    return this.#told.text
  }

  close(): Promise<void> {
    return this.#connections.close()
  }

  statement(name: StatementName, told: ToldLineage | null): Statement {
    const kind = { scope: told?.scope ?? null, isLogged: this.#isLogged }
    const of = `${kind.scope} ${kind.isLogged}`
    const known = this.#statements.get(of) ?? postgresStatements(this.#table, kind)
    this.#statements.set(of, known)
    return known[name]
  }

  async mend(connection: PostgresConnection, error: unknown, { logs = false }: Statement): Promise<boolean> {
    try {
      return await this.#mend(connection, error)
    } catch (failure) {
      if (!logs || !this.#isLogged || sqlStateOf(failure) !== notAllowed) throw failure
      // The records matter more. Whoever reads the log is told that there are puts outside it.
      this.#isLogged = false
      return true
    }
  }

  async #mend(connection: PostgresConnection, error: unknown): Promise<boolean> {
    const state = sqlStateOf(error)
    if (state === null) return false
    if (state === notAllowed) throw error
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
    const { schema, name } = this.#table
    const quotedSchema = quotedName('schema', schema)
    const [facts] = await connection.request(
      { text: `SELECT to_regnamespace($1) IS NULL, current_setting('server_encoding')` },
      [quotedSchema],
    )
    if (facts?.[1] !== 'UTF8') throw this.#encodingError(facts?.[1] ?? 'unknown')
    const text = creationScript(this.#table, {
      schemaToCreate: facts[0] === 't' ? quotedSchema : null,
      lock: keyHash(`${schema}.${name}`) | 0,
      lineage: systemRuntime.random.hex(32),
      epoch: systemRuntime.random.hex(32),
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
