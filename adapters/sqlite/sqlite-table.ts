import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite'
import { hashSpace, keyHash } from '../../src/core/hash.ts'
import {
  type CorruptRecord,
  checksum,
  isCorrupt,
  type RecordHead,
  type RecordStamp,
  type ScanEntry,
  scanEntry,
  type VersionedRecord,
  verified,
} from '../../src/core/record.ts'
import { compareRecords, compareStamps } from '../../src/core/resolve.ts'
import { isVersion, timeMaxMs } from '../../src/core/version.ts'
import type { Entry, PutOutcome, ReadAnswer, VersionAnswer } from '../../src/replica.ts'
import type { ScanPage, ScanQuestion } from './sqlite-operations.ts'
import { lineageKey, tableNames } from './sqlite-schema.ts'

type Row = readonly SQLOutputValue[]

/** A page takes about a millisecond, so that other calls need not wait long for their turn. */
const pageRowsMax = 1000
/** Keys may be long; a page stays a small message all the same. */
const pageCharactersMax = 2 ** 18

/**
 * Keeps stored times within what JavaScript can hold and anything that is no time out of range, whatever damage did to
 * them: node:sqlite throws on larger integers, and one bad row must not fail a batch. SQLite orders numbers before texts.
 */
const stampColumns = `version, kind, max(-1, min(expires_at_ms, ${timeMaxMs + 1})), max(-1, min(retain_until_ms, ${timeMaxMs + 1}))`

/** The table of records. Every method runs inside a transaction of the caller's. */
export class SqliteTable {
  readonly #selectLineage: StatementSync
  readonly #selectRecord: StatementSync
  readonly #selectHead: StatementSync
  readonly #insert: StatementSync
  readonly #update: StatementSync
  readonly #retain: StatementSync
  readonly #purge: StatementSync
  readonly #pageByHash: StatementSync
  readonly #nextPageByHash: StatementSync
  readonly #pageByKey: StatementSync
  readonly #nextPageByKey: StatementSync

  constructor(database: DatabaseSync, name: string) {
    const { table, indexByHash } = tableNames(name)
    const prepare = (sql: string) => database.prepare(sql)
    const page = (source: string, where: string, order: string) =>
      asArrays(
        prepare(`SELECT ${stampColumns}, key, hash, checksum FROM ${source} WHERE ${where} ORDER BY ${order} LIMIT ?`),
      )
    const byHash = `${table} INDEXED BY ${indexByHash}`

    this.#selectLineage = prepare(`SELECT payload FROM ${table} WHERE key = ?`)
    this.#selectRecord = asArrays(prepare(`SELECT ${stampColumns}, checksum, payload FROM ${table} WHERE key = ?`))
    this.#selectHead = asArrays(prepare(`SELECT ${stampColumns}, rowid FROM ${table} WHERE key = ?`))
    this.#insert = prepare(`INSERT INTO ${table} VALUES (?, ?, ?, ?, ?, ?, ?, ?)`)
    this.#update = prepare(
      `UPDATE ${table} SET version = ?, kind = ?, expires_at_ms = ?, retain_until_ms = ?, checksum = ?, payload = ? WHERE rowid = ?`,
    )
    this.#retain = prepare(`UPDATE ${table} SET retain_until_ms = ? WHERE rowid = ?`)
    this.#purge = prepare(`DELETE FROM ${table} WHERE key = ? AND version = ?`)
    this.#pageByHash = page(byHash, 'hash >= ? AND hash < ?', 'hash, key')
    this.#nextPageByHash = page(byHash, '(hash, key) > (?, ?) AND hash < ?', 'hash, key')
    this.#pageByKey = page(table, 'key >= ?', 'key')
    this.#nextPageByKey = page(table, 'key > ?', 'key')
  }

  /** The lineage that is stored; null when someone removed it with the records. */
  storedLineage(): string | null {
    const row = this.#selectLineage.get(lineageKey)
    return typeof row?.payload === 'string' ? row.payload : null
  }

  read(key: string): ReadAnswer {
    const row = rowOf(this.#selectRecord.get(key))
    return row === null ? null : recordOf(key, row)
  }

  head(key: string): VersionAnswer {
    const row = rowOf(this.#selectHead.get(key))
    return row === null ? null : headOf(key, row)
  }

  /**
   * What the entry mends makes no difference here: a record that would win or tie is verified first, so what is
   * unreadable is always replaced, and a readable one at the same version is the same record.
   */
  putIfNewer({ record }: Entry): PutOutcome {
    const row = rowOf(this.#selectHead.get(record.key))
    if (row === null) {
      this.#insert.run(record.key, keyHash(record.key), ...columnsOf(record, record.retainUntilMs))
      return { status: 'stored', retainUntilMs: record.retainUntilMs, replaced: null }
    }
    const stamp = stampOf(row)
    if (stamp === null || compareStamps(record, stamp) > 0) return this.#replace(record, row, stamp)

    const held = this.read(record.key)
    if (held === null || isCorrupt(held)) return this.#replace(record, row, null)
    const order = compareRecords(record, held)
    if (order > 0) return this.#replace(record, row, stamp)
    if (order < 0) return { status: 'superseded', by: stamp }

    const retainUntilMs = Math.max(record.retainUntilMs, stamp.retainUntilMs)
    if (retainUntilMs > stamp.retainUntilMs) this.#retain.run(retainUntilMs, rowidOf(row))
    return { status: 'held', retainUntilMs }
  }

  purge({ key, version }: RecordHead): boolean {
    return this.#purge.run(key, version).changes === 1
  }

  /**
   * Goes by hash, or by key where all hashes are asked for and a prefix narrows the keys: there the work is that of the
   * keys with this prefix, however many others there are.
   */
  scanPage(question: ScanQuestion): ScanPage {
    const { range, keyPrefix, after } = question
    const rowsMax = Math.min(question.pageKeysMax, pageRowsMax)
    if (keyPrefix !== '' && range.from <= 0 && range.to >= hashSpace) {
      const rows =
        after === null ? this.#pageByKey.iterate(keyPrefix, rowsMax) : this.#nextPageByKey.iterate(after.key, rowsMax)
      return pageOf(rows, rowsMax, keyPrefix, true)
    }
    const rows =
      after === null
        ? this.#pageByHash.iterate(Math.max(0, range.from), range.to, rowsMax)
        : this.#nextPageByHash.iterate(after.hash, after.key, range.to, rowsMax)
    return pageOf(rows, rowsMax, keyPrefix, false)
  }

  #replace(record: VersionedRecord, row: Row, replaced: RecordStamp | null): PutOutcome {
    const retainUntilMs = Math.max(record.retainUntilMs, timeOf(row[3]) ?? 0)
    this.#update.run(...columnsOf(record, retainUntilMs), rowidOf(row))
    return { status: 'stored', retainUntilMs, replaced }
  }
}

/** @param endsWithPrefix the rows come in the order of their keys, so the first one without the prefix is the end */
function pageOf(rows: Iterable<unknown>, rowsMax: number, keyPrefix: string, endsWithPrefix: boolean): ScanPage {
  const heads: ScanEntry[] = []
  let rowsSeen = 0
  let characters = 0
  let last = { hash: 0, key: '' }
  for (const row of rows as Iterable<Row>) {
    last = { key: String(row[4]), hash: Number(row[5]) }
    rowsSeen += 1
    characters += last.key.length
    const isWanted = last.key.startsWith(keyPrefix)
    if (!isWanted && endsWithPrefix) return { heads, next: null }
    if (isWanted && last.key !== lineageKey) heads.push(scanEntry(headOf(last.key, row), String(row[6])))
    if (characters > pageCharactersMax) return { heads, next: last }
  }
  return { heads, next: rowsSeen === rowsMax ? last : null }
}

/** In the order of the table's columns, after key and hash. */
function columnsOf(record: VersionedRecord, retainUntilMs: number) {
  const { version, kind, expiresAtMs, payload } = record
  return [version, kind, expiresAtMs, retainUntilMs, checksum(record), payload] as const
}

/** The statements whose columns begin with {@link stampColumns} give arrays: cheaper than an object a row. */
function asArrays(statement: StatementSync): StatementSync {
  statement.setReturnArrays(true)
  return statement
}

function rowOf(row: unknown): Row | null {
  return row === undefined ? null : (row as Row)
}

function stampOf([version, kind, expires, retain]: Row): RecordStamp | null {
  const retainUntilMs = timeOf(retain)
  const expiresAtMs = expires === null ? null : timeOf(expires)
  if (typeof version !== 'string' || !isVersion(version)) return null
  if (kind !== 'value' && kind !== 'tombstone') return null
  if (retainUntilMs === null || (expires !== null && expiresAtMs === null)) return null
  return { version, kind, expiresAtMs, retainUntilMs }
}

function timeOf(stored: SQLOutputValue | undefined): number | null {
  const isTime = typeof stored === 'number' && Number.isInteger(stored) && stored >= 0 && stored <= timeMaxMs
  return isTime ? stored : null
}

function rowidOf(row: Row): number {
  return Number(row[4])
}

function headOf(key: string, row: Row): RecordHead | CorruptRecord {
  const stamp = stampOf(row)
  return stamp === null ? unreadable(key) : { key, ...stamp }
}

function recordOf(key: string, row: Row): VersionedRecord | CorruptRecord {
  const stamp = stampOf(row)
  const [, , , , storedChecksum, payload] = row
  if (stamp === null || typeof storedChecksum !== 'string' || typeof payload !== 'string') return unreadable(key)
  return verified({ key, ...stamp, payload }, storedChecksum)
}

function unreadable(key: string): CorruptRecord {
  return { kind: 'corrupt', key, reason: 'not a record' }
}
