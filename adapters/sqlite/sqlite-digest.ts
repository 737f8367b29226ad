import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { bucketBase, rangeOfBuckets } from '../../src/core/digest.ts'
import { hashSpace } from '../../src/core/hash.ts'
import { systemRuntime } from '../../src/runtime.ts'
import { isReadable, isRetiredRow, retirementValues } from './sqlite-conditions.ts'
import type { DigestQuestion, DigestSlice } from './sqlite-operations.ts'
import { asArrays, type Row } from './sqlite-row.ts'
import { tableNames } from './sqlite-schema.ts'

/** What a step should look at and take. Keys of many KB make the index long, so rows alone do not tell. */
const stepRows = 3000
const stepMs = 3
/** The first step is a careful one, and later ones grow by no more than this. */
const firstStepRows = 250
const growthMax = 4

const bucketSize = rangeOfBuckets(0, 2).to - rangeOfBuckets(0, 1).to
const sumSpace = 2 ** 32

/** Adds up the table over its index, a slice of the hashes at a time. Runs inside a transaction of the caller's. */
export class SqliteDigest {
  readonly #sums: StatementSync
  readonly #rowidMax: StatementSync

  constructor(database: DatabaseSync, name: string) {
    const { table, indexByHash } = tableNames(name)
    this.#sums = asArrays(
      database.prepare(`
        SELECT (hash + ${bucketBase * bucketSize}) / ${bucketSize} - ${bucketBase} AS bucket, count(*),
          sum(CAST(checksum AS INTEGER)) FILTER (WHERE ${isReadable} AND NOT (${isRetiredRow})),
          count(*) FILTER (WHERE ${isRetiredRow})
        FROM ${table} INDEXED BY ${indexByHash} WHERE hash >= ? AND hash < ? GROUP BY bucket`),
    )
    this.#rowidMax = asArrays(database.prepare(`SELECT max(rowid) FROM ${table}`))
  }

  add({ retirement, from, to, width: wanted }: DigestQuestion): DigestSlice {
    const width = wanted ?? this.#firstWidth()
    const until = Math.min(to, from + width)
    const { clock } = systemRuntime
    const startedMs = clock.monotonicMs()
    const rows = this.#sums.all(retirementValues(retirement), from, until) as unknown as readonly Row[]
    const tookMs = clock.monotonicMs() - startedMs

    const records = rows.reduce((total, row) => total + Number(row[1]), 0)
    const next = until < to ? { from: until, width: widthAfter(until - from, records, tookMs) } : null
    return {
      records,
      retired: rows.reduce((total, row) => total + Number(row[3]), 0),
      buckets: Uint16Array.from(rows, (row) => Number(row[0])),
      sums: Uint32Array.from(rows, (row) => Number(row[2]) % sumSpace),
      next,
    }
  }

  /** There are no more records than the largest row id says, and their hashes are spread evenly. */
  #firstWidth(): number {
    const [rowidMax] = (this.#rowidMax.get() as unknown as Row | undefined) ?? []
    return Math.ceil((hashSpace * firstStepRows) / Math.max(firstStepRows, Number(rowidMax ?? 0)))
  }
}

function widthAfter(width: number, records: number, tookMs: number): number {
  const factor = Math.min(growthMax, stepRows / Math.max(1, records), stepMs / Math.max(0.01, tookMs))
  return Math.max(1, Math.round(width * factor))
}
