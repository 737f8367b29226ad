import { addSum, emptyDigest, rangeOfBuckets } from '../../src/core/digest.ts'
import { type HashRange, hashSpace } from '../../src/core/hash.ts'
import type { ScanEntry } from '../../src/core/record.ts'
import type { ChangesOptions, ChangesStep, DigestOptions, DigestStep, ScanOptions } from '../../src/replica.ts'
import type {
  ChangesPage,
  DigestQuestion,
  DigestSlice,
  ScanCursor,
  ScanPage,
  SqliteExecutor,
} from './sqlite-operations.ts'

/**
 * Work in many steps: one question each, so that calls of others get their turn between them. All of it is held to one
 * lineage.
 */

/** A page may have to look into as many ranges. */
const rangesPerPageMax = 128

export async function* scan(
  executor: SqliteExecutor,
  range: HashRange,
  options: ScanOptions,
): AsyncGenerator<readonly ScanEntry[]> {
  const { pageTimeoutMs, pageKeysMax, keyPrefix = '', retired = null, signal } = options
  const vouching = executor.vouching()
  const all = options.buckets === undefined ? [range] : rangesOf(options.buckets, range)
  for (let start = 0; start < all.length; start += rangesPerPageMax) {
    const ranges = all.slice(start, start + rangesPerPageMax)
    let after: ScanCursor | null = null
    do {
      signal?.throwIfAborted()
      const question = { ranges, keyPrefix, pageKeysMax, retired, after }
      const page: ScanPage = await executor.run('scanPage', question, pageTimeoutMs, vouching)
      yield page.heads
      after = page.next
    } while (after !== null)
  }
  signal?.throwIfAborted()
}

export async function* digest(
  executor: SqliteExecutor,
  range: HashRange,
  { stepTimeoutMs, retirement, signal }: DigestOptions,
): AsyncGenerator<DigestStep> {
  const vouching = executor.vouching()
  const to = Math.min(range.to, hashSpace)
  const sums = emptyDigest()
  let next: Pick<DigestQuestion, 'from' | 'width'> | null = { from: Math.max(0, range.from), width: null }
  do {
    signal?.throwIfAborted()
    const question: DigestQuestion = { ...next, to, retirement }
    const slice: DigestSlice = await executor.run('digestStep', question, stepTimeoutMs, vouching)
    for (const [index, bucket] of slice.buckets.entries()) addSum(sums, bucket, slice.sums[index] ?? 0)
    next = slice.next
    yield { records: slice.records, sums: next === null ? sums : null, retired: slice.retired }
  } while (next !== null)
  signal?.throwIfAborted()
}

export async function* changes(
  executor: SqliteExecutor,
  after: string | null,
  { stepTimeoutMs, signal }: ChangesOptions,
): AsyncGenerator<ChangesStep> {
  const vouching = executor.vouching()
  let position = after
  let isLast = false
  while (!isLast) {
    signal?.throwIfAborted()
    const page: ChangesPage = await executor.run('changesPage', { after: position }, stepTimeoutMs, vouching)
    yield { keys: page.keys, position: page.position, ...(page.isGap && { isGap: true }) }
    position = page.position
    isLast = page.isLast
  }
  signal?.throwIfAborted()
}

/** The hashes of the buckets that are in the range, with neighbouring buckets as one. */
function rangesOf(buckets: readonly number[], { from, to }: HashRange): HashRange[] {
  const ranges: HashRange[] = []
  let first = buckets[0] ?? 0
  for (const [index, bucket] of buckets.entries()) {
    const following = buckets[index + 1]
    if (following === bucket + 1) continue
    const wide = rangeOfBuckets(first, bucket + 1)
    const range = { from: Math.max(from, wide.from), to: Math.min(to, wide.to) }
    if (range.from < range.to) ranges.push(range)
    first = following ?? 0
  }
  return ranges
}
