import type { HashRange } from '../../src/core/hash.ts'
import { type ScanEntry, scanEntry, unreadableHead } from '../../src/core/record.ts'
import { isRetired } from '../../src/core/retirement.ts'
import type { ScanOptions } from '../../src/replica.ts'
import { abortable } from './abortable.ts'
import { rangesOf } from './hash-ranges.ts'
import { readKeys } from './long-keys.ts'
import { plainArray, textArray } from './postgres-arrays.ts'
import type { PostgresDatabase } from './postgres-database.ts'
import { headAt, isChecksum, type Row } from './postgres-rows.ts'
import { retirementValues } from './retirement-values.ts'
import type { RunStatement } from './run-statement.ts'
import type { ToldLineage } from './told-lineage.ts'

/** What is still to be scanned of a range: from this stored key on, by bytes, among those of the first hash. */
interface Rest extends HashRange {
  readonly storedKey: string
}

interface Page {
  readonly heads: readonly ScanEntry[]
  readonly rests: readonly Rest[]
}

const pageKeysLimit = 10_000
/** Rows looked at for one page where most of them may be left out. */
const filteredRowsMin = 2000
/** Ranges looked at for one page. */
const rangesMax = 500

/**
 * Page by page, each a call of its own that starts where the last one ended: no transaction and no cursor stays open
 * while the caller works on a page.
 */
export async function* scanPages(
  database: PostgresDatabase,
  told: ToldLineage | null,
  range: HashRange,
  options: ScanOptions,
): AsyncGenerator<readonly ScanEntry[]> {
  const { pageTimeoutMs, keyPrefix = '', retired, signal } = options
  const pageKeysMax = Math.min(Math.max(1, options.pageKeysMax), pageKeysLimit)
  const isFiltered = keyPrefix !== '' || retired !== undefined
  const rowsMax = isFiltered ? Math.max(pageKeysMax, filteredRowsMin) : pageKeysMax
  let rests: readonly Rest[] = rangesOf(range, options.buckets).map((whole) => ({ ...whole, storedKey: '' }))
  while (rests.length > 0) {
    signal?.throwIfAborted()
    const values = [...restValues(rests.slice(0, rangesMax)), rowsMax, keyPrefix, ...retirementValues(retired)]
    const left = rests
    const reading: Promise<Page> = database.call(
      pageTimeoutMs,
      async (run) => {
        const rows = await run('scan', values)
        const heads = await headsOf(rows, database.replica, run)
        const wanted = heads.filter(
          (head) => head.key.startsWith(keyPrefix) && (retired === undefined || isRetired(head, retired)),
        )
        return { heads: wanted, rests: restsAfter(rows, rowsMax, left) }
      },
      told,
    )
    const page = await abortable(reading, signal)
    // Also without a head: so many rows of others may come first that the next one is not there in time for a page.
    if (page.heads.length === 0) yield []
    for (let from = 0; from < page.heads.length; from += pageKeysMax) yield page.heads.slice(from, from + pageKeysMax)
    rests = page.rests
  }
  signal?.throwIfAborted()
}

function restValues(rests: readonly Rest[]): readonly unknown[] {
  return [
    plainArray(rests.map(({ from }) => from)),
    textArray(rests.map(({ storedKey }) => storedKey)),
    plainArray(rests.map(({ to }) => to)),
  ]
}

/** Rows of the scan statement: hash, stored key, the four fields of a head, the checksum, how many rows were looked at. */
async function headsOf(rows: readonly Row[], replica: string, run: RunStatement): Promise<readonly ScanEntry[]> {
  const held = rows.map((row) => ({ hash: row[0] ?? '', storedKey: row[1] ?? '' }))
  const keys = await readKeys(replica, run, held)
  return rows
    .map((row) => {
      const key = keys.get(row[1] ?? '')
      return key === undefined ? null : entryOf(row, key)
    })
    .filter((head) => head !== null)
}

function entryOf(row: Row, key: string): ScanEntry {
  const checksum = row[6] ?? ''
  return isChecksum(checksum) ? scanEntry(headAt(row, 2, key), checksum) : unreadableHead(key)
}

/** No text without NUL lies between a text and the same with U+0001 after it. */
function restsAfter(rows: readonly Row[], rowsMax: number, rests: readonly Rest[]): readonly Rest[] {
  const last = rows.at(-1)
  if (last === undefined || Number(last[7]) < rowsMax) return rests.slice(rangesMax)
  const hash = Number(last[0])
  return rests
    .filter(({ to }) => to > hash)
    .map((rest) => (rest.from <= hash ? { ...rest, from: hash, storedKey: `${last[1]}\u0001` } : rest))
}
