import { hash } from 'node:crypto'
import { lineageRow } from './lineage-statements.ts'

export interface Statement {
  readonly text: string
  /** Under which a connection prepares it; absent for what is used once in a while. */
  readonly name?: string
  /** Whether it changes records. */
  readonly writes?: boolean
  /** Whether it writes to the log of changes as well. */
  readonly logs?: boolean
  /**
   * Every answer ends with one more row and one more column: the mark that the table had when the answer was made, or no
   * such row where the lineage was gone. One that writes has the mark that was told as its last parameter, and changes
   * nothing where that is another.
   */
  readonly isVouched?: boolean
}

/**
 * The name tells the text: behind a pooler that shares server connections among clients, a statement prepared under
 * the same name by another client is the same statement.
 */
export function prepared(text: string, kind: Omit<Statement, 'text' | 'name'> = {}): Statement {
  return { text, name: `keyv_quorum_${hash('sha256', text).slice(0, 24)}`, ...kind }
}

/** What a statement's answer is vouched for with: the table and the expression of its mark; null for nothing. */
export interface Vouching {
  readonly table: string
  readonly mark: string
}

/** @param columnCount of the answer */
export function reading(vouching: Vouching | null, columnCount: number, text: string): Statement {
  if (vouching === null) return prepared(text)
  const { table, mark } = vouching
  return prepared(
    `SELECT answer.*, NULL AS mark FROM (${text}) AS answer
    UNION ALL
    SELECT ${nulls(columnCount)}, ${mark} FROM ${table} WHERE ${lineageRow}`,
    { isVouched: true },
  )
}

export interface Writing {
  readonly columnCount: number
  /** How many parameters the text has itself. */
  readonly parameterCount: number
  /** @param guard what must hold for anything to be changed */
  readonly steps: (guard: string) => readonly string[]
  /** Over the steps. */
  readonly answer: string
  readonly logs?: boolean
}

/** All parts of one statement see the same snapshot, so what is changed belongs to the mark that is given. */
export function writing(
  vouching: Vouching | null,
  { columnCount, parameterCount, steps, answer, logs = false }: Writing,
): Statement {
  if (vouching === null) return prepared(`WITH ${steps('true').join(', ')} ${answer}`, { writes: true, logs })
  const { table, mark } = vouching
  const guard = `EXISTS (SELECT FROM vouching WHERE mark = $${parameterCount + 1}::text)`
  const found = `vouching AS MATERIALIZED (SELECT ${mark} AS mark FROM ${table} WHERE ${lineageRow})`
  return prepared(
    `WITH ${[found, ...steps(guard)].join(', ')}
    SELECT answer.*, NULL AS mark FROM (${answer}) AS answer
    UNION ALL
    SELECT ${nulls(columnCount)}, mark FROM vouching`,
    { writes: true, logs, isVouched: true },
  )
}

function nulls(count: number): string {
  return Array(count).fill('NULL').join(', ')
}
