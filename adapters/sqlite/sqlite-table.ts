import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { keyHash } from '../../src/core/hash.ts'
import { checksum, isCorrupt, type RecordHead, type RecordStamp, type VersionedRecord } from '../../src/core/record.ts'
import { compareRecords, compareStamps } from '../../src/core/resolve.ts'
import type { Entry, PutOutcome, ReadAnswer, VersionAnswer } from '../../src/replica.ts'
import { asArrays, type Row, recordOf, rowOf, stampColumns, stampOf, storedHeadOfRow, timeOf } from './sqlite-row.ts'
import { lineageKey, tableNames } from './sqlite-schema.ts'

/** The table of records. Every method runs inside a transaction of the caller's. */
export class SqliteTable {
  readonly #selectLineage: StatementSync
  readonly #selectRecord: StatementSync
  readonly #selectHead: StatementSync
  readonly #insert: StatementSync
  readonly #update: StatementSync
  readonly #retain: StatementSync
  readonly #purge: StatementSync

  constructor(database: DatabaseSync, name: string) {
    const { table } = tableNames(name)
    const prepare = (sql: string) => database.prepare(sql)
    this.#selectLineage = prepare(`SELECT payload FROM ${table} WHERE key = ?`)
    this.#selectRecord = asArrays(prepare(`SELECT ${stampColumns}, checksum, payload FROM ${table} WHERE key = ?`))
    this.#selectHead = asArrays(prepare(`SELECT ${stampColumns}, rowid, checksum FROM ${table} WHERE key = ?`))
    this.#insert = prepare(`INSERT INTO ${table} VALUES (?, ?, ?, ?, ?, ?, ?, ?)`)
    this.#update = prepare(
      `UPDATE ${table} SET version = ?, kind = ?, expires_at_ms = ?, retain_until_ms = ?, checksum = ?, payload = ? WHERE rowid = ?`,
    )
    this.#retain = prepare(`UPDATE ${table} SET retain_until_ms = ? WHERE rowid = ?`)
    this.#purge = prepare(`DELETE FROM ${table} WHERE key = ? AND version = ?`)
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
    return row === null ? null : storedHeadOfRow(key, row, row[5])
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

  #replace(record: VersionedRecord, row: Row, replaced: RecordStamp | null): PutOutcome {
    const retainUntilMs = Math.max(record.retainUntilMs, timeOf(row[3]) ?? 0)
    this.#update.run(...columnsOf(record, retainUntilMs), rowidOf(row))
    return { status: 'stored', retainUntilMs, replaced }
  }
}

/** In the order of the table's columns, after key and hash. */
function columnsOf(record: VersionedRecord, retainUntilMs: number) {
  const { version, kind, expiresAtMs, payload } = record
  return [version, kind, expiresAtMs, retainUntilMs, checksum(record), payload] as const
}

function rowidOf(row: Row): number {
  return Number(row[4])
}
