import type { HashRange } from '../../src/core/hash.ts'
import { type ScanEntry, scanEntry } from '../../src/core/record.ts'
import { ReplicaError } from '../../src/errors.ts'
import type { ScanOptions } from '../../src/replica.ts'
import { plainArray, textArray } from './postgres-arrays.ts'
import type { PostgresDatabase, RunStatement } from './postgres-database.ts'
import { headAt, type Row } from './postgres-rows.ts'
import { digestMark, storedKey as storedKeyOf } from './stored-key.ts'

/** Where a page starts: at this stored key, by bytes, among those of the hash. */
interface Position {
  readonly hash: number
  readonly storedKey: string
}

interface Page {
  readonly heads: readonly ScanEntry[]
  readonly next: Position | null
}

const pageKeysLimit = 10_000
/** Rows looked at for one page where a prefix may leave out most of them. */
const prefixRowsMin = 2000

/**
 * Page by page, each a call of its own that starts where the last one ended: no transaction and no cursor stays open
 * while the caller works on a page.
 */
export async function* scanPages(
  database: PostgresDatabase,
  range: HashRange,
  options: ScanOptions,
): AsyncGenerator<readonly ScanEntry[]> {
  const { pageTimeoutMs, keyPrefix = '', signal } = options
  const pageKeysMax = Math.min(Math.max(1, options.pageKeysMax), pageKeysLimit)
  const rowsMax = keyPrefix === '' ? pageKeysMax : Math.max(pageKeysMax, prefixRowsMin)
  // Below 0 lies the row of the lineage.
  let start: Position | null = { hash: Math.max(0, range.from), storedKey: '' }
  while (start !== null) {
    signal?.throwIfAborted()
    const values = [start.hash, start.storedKey, range.to, rowsMax, keyPrefix]
    const reading: Promise<Page> = database.call(pageTimeoutMs, async (run) => {
      const rows = await run(database.statements.scan, values)
      const heads = await headsOf(rows, database, run)
      return { heads: heads.filter(({ key }) => key.startsWith(keyPrefix)), next: nextPosition(rows, rowsMax) }
    })
    const page = await abortable(reading, signal)
    for (let from = 0; from < page.heads.length; from += pageKeysMax) yield page.heads.slice(from, from + pageKeysMax)
    start = page.next
  }
  signal?.throwIfAborted()
}

/** Rows of the scan statement: hash, stored key, the four fields of a head, the checksum, how many rows were looked at. */
async function headsOf(
  rows: readonly Row[],
  database: PostgresDatabase,
  run: RunStatement,
): Promise<readonly ScanEntry[]> {
  const digested = rows.filter((row) => row[1]?.startsWith(digestMark))
  const longKeys = await readLongKeys(digested, database, run)
  return rows
    .map((row) => {
      const storedKey = row[1] ?? ''
      const key = storedKey.startsWith(digestMark) ? longKeys.get(storedKey) : storedKey
      return key === undefined ? null : scanEntry(headAt(row, 2, key), row[6] ?? '')
    })
    .filter((head) => head !== null)
}

/** By stored key. One that was purged meanwhile is missing. */
async function readLongKeys(
  rows: readonly Row[],
  database: PostgresDatabase,
  run: RunStatement,
): Promise<ReadonlyMap<string, string>> {
  const longKeys = new Map<string, string>()
  if (rows.length === 0) return longKeys
  const hashes = plainArray(rows.map((row) => row[0] ?? ''))
  const storedKeys = rows.map((row) => row[1] ?? '')
  for (const [place, longKey] of await run(database.statements.readLongKeys, [hashes, textArray(storedKeys)])) {
    const storedKey = storedKeys[Number(place) - 1]
    if (storedKey === undefined) continue
    if (typeof longKey !== 'string' || storedKeyOf(longKey) !== storedKey) {
      throw new ReplicaError('CORRUPT', 'the key of a record cannot be read', { replica: database.replica })
    }
    longKeys.set(storedKey, longKey)
  }
  return longKeys
}

/** No text without NUL lies between a text and the same with U+0001 after it. */
function nextPosition(rows: readonly Row[], rowsMax: number): Position | null {
  const last = rows.at(-1)
  if (last === undefined || Number(last[7]) < rowsMax) return null
  return { hash: Number(last[0]), storedKey: `${last[1]}\u0001` }
}

function abortable<Answer>(answer: Promise<Answer>, signal: AbortSignal | undefined): Promise<Answer> {
  if (signal === undefined) return answer
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
