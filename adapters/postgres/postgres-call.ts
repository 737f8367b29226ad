import { ReplicaError } from '../../src/errors.ts'
import type { PostgresConnection } from './postgres-connection.ts'
import { findLineage } from './postgres-lineage.ts'
import type { Row } from './postgres-rows.ts'
import type { Statement } from './postgres-statement.ts'
import type { StatementName } from './postgres-statements.ts'
import type { RunStatement } from './run-statement.ts'
import type { ToldLineage } from './told-lineage.ts'

/** What calls share. */
export interface CallGround {
  readonly replica: string
  readonly canPrepare: boolean
  statement(name: StatementName, told: ToldLineage | null): Statement
  /** Whether a statement that has failed, and changed nothing, should be tried again. */
  mend(connection: PostgresConnection, error: unknown, statement: Statement): Promise<boolean>
}

/** How often a statement is tried when the server has undone it for a reason that may be gone the next time. */
const attemptsMax = 5

/**
 * One call. Where the caller was told a lineage, every answer is vouched for by it: it bears the mark of the table that
 * it came from, read in the same snapshot, and one of another lineage is thrown away.
 */
export class PostgresCall {
  readonly #ground: CallGround
  readonly #connection: PostgresConnection
  readonly #told: ToldLineage | null
  #hasWritten = false

  constructor(ground: CallGround, connection: PostgresConnection, told: ToldLineage | null) {
    this.#ground = ground
    this.#connection = connection
    this.#told = told
  }

  readonly run: RunStatement = async (name, values) => {
    for (let attempt = 1; ; attempt += 1) {
      const statement = this.#ground.statement(name, this.#told)
      const rows = await this.#request(statement, values).catch(async (error: unknown) => {
        if (attempt === attemptsMax || !(await this.#ground.mend(this.#connection, error, statement))) throw error
        return null
      })
      if (rows === null) continue
      const isVouched = this.#told === null || statement.isVouched !== true || markOf(rows) === this.#told.mark
      if (isVouched) {
        if (statement.writes === true) this.#hasWritten = true
        return statement.isVouched === true ? rows.filter((row) => row.at(-1) === null) : rows
      }
      await this.#assertSameLineage(this.#told, attempt)
    }
  }

  #request(statement: Statement, values: readonly unknown[]): Promise<readonly Row[]> {
    const { name, text } = statement
    const isPrepared = name !== undefined && this.#ground.canPrepare && !this.#connection.hasStalePlans
    const isGuarded = this.#told !== null && statement.isVouched === true && statement.writes === true
    return this.#connection.request(
      isPrepared ? { text, name } : { text },
      isGuarded ? [...values, this.#told.mark] : values,
    )
  }

  /** Another mark is that of the same lineage after a server was started again, and of another one after anything else. */
  async #assertSameLineage(told: ToldLineage, attempt: number): Promise<void> {
    const found = attempt === attemptsMax ? null : await findLineage(this.#ground.replica, this.run)
    if (found !== null && told.renew(found)) return
    told.revoke()
    throw new ReplicaError(this.#hasWritten ? 'TIMEOUT' : 'UNAVAILABLE', revoked, { replica: this.#ground.replica })
  }
}

const revoked = 'the data is not what it was, or the server another: its lineage changed, ask for it anew'

/** It comes in the last column of a row of its own, which is empty in all others. */
function markOf(rows: readonly Row[]): string | null {
  return rows.at(-1)?.at(-1) ?? rows.find((row) => row.at(-1) !== null)?.at(-1) ?? null
}
