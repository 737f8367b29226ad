import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { systemRuntime } from '../../src/runtime.ts'
import type { ChangesPage } from './sqlite-operations.ts'
import { asArrays, type Row } from './sqlite-row.ts'
import { createChanges, hasChanges, tableNames } from './sqlite-schema.ts'

/** How much of the log one page reads at most. */
const pageKeysMax = 5000
const pageCharactersMax = 2 ** 18
/** A batch of more key text than this is not worth a row: the log starts anew. */
const rowCharactersMax = 2 ** 16
/** The row of a batch takes as many numbers as it takes this, so that the length of the log bounds its text as well. */
const charactersPerNumber = 1024
/** Rows are removed this many numbers at a time. */
const trimNumbersMax = 256
const firstNumberDigits = 12
const numberMax = Number.MAX_SAFE_INTEGER - rowCharactersMax

/** Keys hold no NUL. */
const separator = '\0'

/**
 * The log of the keys that were put, a row for each batch, in the transaction of the batch.
 *
 * The first row has a number made at random, and no keys. So a position is the number of a row; where neither that row
 * nor an older one is there any more, what came after it may be gone too, or it is of an earlier log.
 *
 * Every process that puts takes part, also where it keeps no log itself: then each of its batches starts the log anew,
 * if there is one, so that whoever reads it knows of the gap. Every method runs inside a transaction of the caller's.
 */
export class SqliteChanges {
  readonly #database: DatabaseSync
  readonly #name: string
  readonly #max: number
  readonly #trimEvery: number
  #statements: Statements | null = null

  /** @param max how many numbers of the log are kept; 0 to keep none */
  constructor(database: DatabaseSync, name: string, max: number) {
    this.#database = database
    this.#name = name
    this.#max = max
    this.#trimEvery = Math.min(max, trimNumbersMax)
  }

  /** Whether the log can be read. It is made by the first batch, or by {@link create}. */
  isThere(): boolean {
    return this.#statements !== null || hasChanges(this.#database, this.#name)
  }

  create(): void {
    const statements = this.#prepare()
    if (newestOf(statements) === null) startAnew(statements)
  }

  append(keys: readonly string[]): void {
    if (keys.length === 0 || (this.#max === 0 && !hasChanges(this.#database, this.#name))) return
    const statements = this.#prepare()
    const newest = newestOf(statements)
    const text = keys.join(separator)
    // A log that was not there yet has no readers who could miss these keys.
    if (newest === null || this.#max === 0 || text.length > rowCharactersMax) {
      startAnew(statements)
      return
    }
    const seq = newest + Math.ceil((text.length + 1) / charactersPerNumber)
    statements.insert.run(seq, text)
    const isTimeToTrim = Math.floor(seq / this.#trimEvery) !== Math.floor(newest / this.#trimEvery)
    if (isTimeToTrim) statements.trim.run(seq - this.#max)
  }

  /** @param after the position to go on from; null for that of now */
  page(after: string | null, lineage: string): ChangesPage {
    const statements = this.#prepare()
    const positionOf = (seq: number) => `${lineage}:${seq}`
    // No row ever has the number 0: who goes on from there meets a gap.
    const newest = newestOf(statements) ?? 0
    const ofNow = { keys: [], position: positionOf(newest), isLast: true }
    if (after === null) return { ...ofNow, isGap: false }
    const seq = Number(after.slice(after.lastIndexOf(':') + 1))
    const oldest = numberIn(statements.oldest.get()) ?? Number.POSITIVE_INFINITY
    const isThere = after === positionOf(seq) && seq >= oldest && seq <= newest
    const read = isThere ? keysAfter(statements, seq) : null
    if (read === null) return { ...ofNow, isGap: true }
    return { keys: read.keys, position: positionOf(read.seq), isGap: false, isLast: read.isLast }
  }

  /** After a transaction that was rolled back: it may be the one that made the log. */
  forget(): void {
    this.#statements = null
  }

  #prepare(): Statements {
    this.#statements ??= prepareStatements(this.#database, this.#name)
    return this.#statements
  }
}

interface Statements {
  readonly oldest: StatementSync
  readonly newest: StatementSync
  readonly after: StatementSync
  readonly insert: StatementSync
  readonly trim: StatementSync
  readonly empty: StatementSync
}

function prepareStatements(database: DatabaseSync, name: string): Statements {
  if (!hasChanges(database, name)) createChanges(database, name)
  const { changes } = tableNames(name)
  const prepare = (sql: string) => asArrays(database.prepare(sql))
  const edge = (which: 'min' | 'max') =>
    prepare(`SELECT ${which}(seq) FROM ${changes} WHERE seq BETWEEN 1 AND ${numberMax}`)
  return {
    oldest: edge('min'),
    newest: edge('max'),
    after: prepare(`SELECT seq, keys FROM ${changes} WHERE seq BETWEEN ? + 1 AND ${numberMax} ORDER BY seq`),
    insert: prepare(`INSERT INTO ${changes} VALUES (?, ?)`),
    trim: prepare(`DELETE FROM ${changes} WHERE seq <= ?`),
    empty: prepare(`DELETE FROM ${changes}`),
  }
}

/** What came before is a gap to everyone: nobody's position is this number. */
function startAnew({ empty, insert }: Statements): void {
  empty.run()
  insert.run(1 + Number.parseInt(systemRuntime.random.hex(firstNumberDigits), 16), null)
}

function newestOf({ newest }: Statements): number | null {
  return numberIn(newest.get())
}

/** @returns null where a row is not as it was written */
function keysAfter({ after }: Statements, start: number) {
  const keys: string[] = []
  let seq = start
  let characters = 0
  for (const row of after.iterate(start) as Iterable<unknown> as Iterable<Row>) {
    const [number, text] = row
    if (typeof text !== 'string') return null
    seq = Number(number)
    characters += text.length
    keys.push(...text.split(separator))
    if (keys.length >= pageKeysMax || characters >= pageCharactersMax) return { keys, seq, isLast: false }
  }
  return { keys, seq, isLast: true }
}

function numberIn(row: unknown): number | null {
  const [number] = (row ?? []) as Row
  return typeof number === 'number' ? number : null
}
