import type { ReplicaErrorCode } from '../../src/errors.ts'
import { ReplicaError } from '../../src/errors.ts'
import type { SqliteDatabase } from './sqlite-database.ts'
import type { Answer, OperationName, Question, SqliteExecutor } from './sqlite-operations.ts'

/** Runs operations in place: for a database in memory, where nothing waits for a disk or for another process. */
export class SqliteInline implements SqliteExecutor {
  readonly #id: string
  readonly #path: string
  readonly #table: string
  #database: SqliteDatabase | null = null
  #isClosed = false

  constructor(id: string, path: string, table: string) {
    this.#id = id
    this.#path = path
    this.#table = table
  }

  async run<Name extends OperationName>(
    name: Name,
    question: Question<Name>,
    timeoutMs: number,
  ): Promise<Answer<Name>> {
    const database = await this.#open()
    if (this.#isClosed) throw this.#error('CLOSED', 'it was closed')
    const outcome = database.run(name, question, timeoutMs)
    if (outcome.failure === undefined) return outcome.answer
    throw this.#error(outcome.failure.code, outcome.failure.message, outcome.failure.cause)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#database?.close()
    this.#database = null
  }

  /** Loaded when it is used: `node:sqlite` prints a warning, and not every runtime has it. */
  async #open(): Promise<SqliteDatabase> {
    try {
      const { SqliteDatabase } = await import('./sqlite-database.ts')
      this.#database ??= new SqliteDatabase(this.#path, this.#table)
      return this.#database
    } catch (cause) {
      throw this.#error('UNAVAILABLE', 'node:sqlite cannot be loaded', cause)
    }
  }

  #error(code: ReplicaErrorCode, message: string, cause?: unknown): ReplicaError {
    return new ReplicaError(code, message, { replica: this.#id, cause })
  }
}
