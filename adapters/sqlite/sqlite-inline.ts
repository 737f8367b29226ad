import type { ReplicaErrorCode } from '../../src/errors.ts'
import { ReplicaError } from '../../src/errors.ts'
import type { Runtime } from '../../src/runtime.ts'
import type { DatabaseData } from './sqlite-connection.ts'
import type { SqliteDatabase } from './sqlite-database.ts'
import type { Answer, OperationName, Question, SqliteExecutor } from './sqlite-operations.ts'
import type { Vouching } from './sqlite-told-lineage.ts'

/** How long steps of one piece of work may follow each other without a turn of the event loop between them. */
const turnAfterMs = 4

/** Runs operations in place: for a database in memory, where nothing waits for a disk or for another process. */
export class SqliteInline implements SqliteExecutor {
  readonly #id: string
  readonly #data: DatabaseData
  readonly #runtime: Pick<Runtime, 'clock' | 'timers'>
  #database: SqliteDatabase | null = null
  #isClosed = false
  #turnedAtMs = 0

  constructor(id: string, data: DatabaseData, runtime: Pick<Runtime, 'clock' | 'timers'>) {
    this.#id = id
    this.#data = data
    this.#runtime = runtime
  }

  /** Nobody else can reach what lives in memory: its lineage stays. */
  vouching(): Vouching {
    return { lineage: null }
  }

  async run<Name extends OperationName>(
    name: Name,
    question: Question<Name>,
    timeoutMs: number,
  ): Promise<Answer<Name>> {
    const database = await this.#open()
    if (isStep(name)) await this.#letOthersRun()
    if (this.#isClosed) throw this.#error('CLOSED', 'it was closed')
    const outcome = database.run({ name, question, budgetMs: timeoutMs, heldTo: null })
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
      this.#database ??= new SqliteDatabase(this.#data)
      return this.#database
    } catch (cause) {
      throw this.#error('UNAVAILABLE', 'node:sqlite cannot be loaded', cause)
    }
  }

  /** Answers that are there at once come back before the event loop turns: it would stand still until the last step. */
  async #letOthersRun(): Promise<void> {
    const { clock, timers } = this.#runtime
    if (clock.monotonicMs() - this.#turnedAtMs < turnAfterMs) return
    await new Promise<void>((resolve) => timers.after(0, resolve))
    this.#turnedAtMs = clock.monotonicMs()
  }

  #error(code: ReplicaErrorCode, message: string, cause?: unknown): ReplicaError {
    return new ReplicaError(code, message, { replica: this.#id, cause })
  }
}

function isStep(name: OperationName): boolean {
  return name === 'scanPage' || name === 'digestStep' || name === 'changesPage'
}
