import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { type HashRange, hashSpace } from '../../src/core/hash.ts'
import type { ScanEntry } from '../../src/core/record.ts'
import { isRetired, type Retirement } from '../../src/core/retirement.ts'
import { isRetiredRow, retirementValues } from './sqlite-conditions.ts'
import type { ScanCursor, ScanPage, ScanQuestion } from './sqlite-operations.ts'
import { asArrays, type Row, scanEntryOfRow, stampColumns } from './sqlite-row.ts'
import { lineageKey, tableNames } from './sqlite-schema.ts'

/** A page takes about a millisecond, so that other calls need not wait long for their turn. */
const pageRowsMax = 1000
/** How many rows are looked at for one page of retired records, which are few as a rule. */
const filteredRowsMax = 3000
/** Keys may be long; a page stays a small message all the same. */
const pageCharactersMax = 2 ** 18
/** Comes after any key: SQLite orders blobs behind texts. */
const afterAllKeys = new Uint8Array(1)

type Start = readonly [hash: number, key: SQLInputValue]

/** Reads the heads of the table in pages. Every method runs inside a transaction of the caller's. */
export class SqliteScanPages {
  readonly #byHash: StatementSync
  readonly #retiredByHash: StatementSync
  readonly #endByHash: StatementSync
  readonly #byKey: StatementSync
  readonly #nextByKey: StatementSync

  constructor(database: DatabaseSync, name: string) {
    const { table, indexByHash } = tableNames(name)
    const prepare = (sql: string) => asArrays(database.prepare(sql))
    const columns = `${stampColumns}, key, hash, checksum`
    const rest = `FROM ${table} INDEXED BY ${indexByHash} WHERE (hash, key) > (?, ?) AND hash < ? ORDER BY hash, key LIMIT`
    const all = 'hash, key, version, kind, expires_at_ms, retain_until_ms, checksum'
    this.#byHash = prepare(`SELECT ${columns} ${rest} ?`)
    this.#retiredByHash = prepare(
      `SELECT ${columns} FROM (SELECT ${all} ${rest} ${filteredRowsMax}) WHERE ${isRetiredRow} ORDER BY hash, key LIMIT ?`,
    )
    this.#endByHash = prepare(`SELECT hash, key ${rest} 1 OFFSET ${filteredRowsMax - 1}`)
    this.#byKey = prepare(`SELECT ${columns} FROM ${table} WHERE key >= ? ORDER BY key LIMIT ?`)
    this.#nextByKey = prepare(`SELECT ${columns} FROM ${table} WHERE key > ? ORDER BY key LIMIT ?`)
  }

  /**
   * Goes by hash, or by key where all hashes are asked for and a prefix narrows the keys: there the work is that of the
   * keys with this prefix, however many others there are.
   */
  read(question: ScanQuestion): ScanPage {
    const { ranges, keyPrefix, retired } = question
    const [range] = ranges
    if (range === undefined) return { heads: [], next: null }
    const isOneRange = ranges.length === 1
    if (isOneRange && keyPrefix !== '' && range.from <= 0 && range.to >= hashSpace) return this.#readByKey(question)
    return isOneRange && retired !== null ? this.#readRetired(question, range, retired) : this.#readByHash(question)
  }

  #readByKey(question: ScanQuestion): ScanPage {
    const { keyPrefix, after } = question
    const page = new PageInMaking(question)
    const { rowsMax } = page
    const rows = after === null ? this.#byKey.iterate(keyPrefix, rowsMax) : this.#nextByKey.iterate(after.key, rowsMax)
    for (const row of rows as Iterable<unknown> as Iterable<Row>) {
      if (!String(row[4]).startsWith(keyPrefix)) return page.end()
      page.add(row)
      if (page.isFull) return page.pause()
    }
    return page.end()
  }

  #readByHash(question: ScanQuestion): ScanPage {
    const page = new PageInMaking(question)
    for (const range of question.ranges) {
      const start = startIn(range, question.after)
      if (start === null) continue
      const rows = this.#byHash.iterate(...start, range.to, page.rowsMax) as Iterable<unknown> as Iterable<Row>
      for (const row of rows) {
        page.add(row)
        if (page.isFull) return page.pause()
      }
    }
    return page.end()
  }

  #readRetired(question: ScanQuestion, range: HashRange, retired: Retirement): ScanPage {
    const page = new PageInMaking(question)
    const start = startIn(range, question.after)
    if (start === null) return page.end()
    const values = retirementValues(retired)
    const rows = this.#retiredByHash.iterate(values, ...start, range.to, page.rowsMax)
    for (const row of rows as Iterable<unknown> as Iterable<Row>) {
      page.add(row)
      if (page.isFull) return page.pause()
    }
    const last = this.#endByHash.get(...start, range.to) as unknown as Row | undefined
    return last === undefined ? page.end() : page.pause({ hash: Number(last[0]), key: String(last[1]) })
  }
}

/** Where to begin in the range, itself not included; null when the cursor lies behind the range. */
function startIn({ from, to }: HashRange, after: ScanCursor | null): Start | null {
  if (after === null || after.hash < from) return [Math.max(0, from) - 1, afterAllKeys]
  return after.hash < to ? [after.hash, after.key] : null
}

class PageInMaking {
  readonly rowsMax: number
  readonly #keyPrefix: string
  readonly #retired: Retirement | null
  readonly #heads: ScanEntry[] = []
  #rowsSeen = 0
  #characters = 0
  #last: ScanCursor = { hash: 0, key: '' }

  constructor({ pageKeysMax, keyPrefix, retired }: ScanQuestion) {
    this.rowsMax = Math.min(pageKeysMax, pageRowsMax)
    this.#keyPrefix = keyPrefix
    this.#retired = retired
  }

  get isFull(): boolean {
    return this.#rowsSeen === this.rowsMax || this.#characters > pageCharactersMax
  }

  /** @param row of the stamp, key, hash and checksum */
  add(row: Row): void {
    const key = String(row[4])
    this.#last = { hash: Number(row[5]), key }
    this.#rowsSeen += 1
    this.#characters += key.length
    if (key === lineageKey || !key.startsWith(this.#keyPrefix)) return
    const entry = scanEntryOfRow(key, row, row[6])
    if (this.#retired === null || isRetired(entry, this.#retired)) this.#heads.push(entry)
  }

  pause(next: ScanCursor = this.#last): ScanPage {
    return { heads: this.#heads, next }
  }

  end(): ScanPage {
    return { heads: this.#heads, next: null }
  }
}
