import { addToDigest, bucketOf, emptyDigest } from '../../src/core/digest.ts'
import { type HashRange, inRange, keyHash, wholeRange } from '../../src/core/hash.ts'
import { checksum, type ScanEntry, storedHeadOf, type VersionedRecord } from '../../src/core/record.ts'
import { isRetired, type Retirement } from '../../src/core/retirement.ts'
import type { DigestStep, ScanOptions } from '../../src/replica.ts'

/** So that a walk that finds little still comes back now and then. */
const visitsPerStepMax = 10_000

type Records = ReadonlyMap<string, VersionedRecord>
type Filters = Pick<ScanOptions, 'keyPrefix' | 'buckets' | 'retired'>

export function* pagesOf(
  records: Records,
  range: HashRange,
  filters: Filters,
  pageKeysMax: number,
): Generator<ScanEntry[]> {
  const isWanted = selectorOf(range, filters)
  let page: ScanEntry[] = []
  for (const { visits, record } of walk(records)) {
    if (isWanted(record)) page.push(storedHeadOf(record))
    if (page.length < pageKeysMax && visits % visitsPerStepMax !== 0) continue
    yield page
    page = []
  }
  if (page.length > 0) yield page
}

/** The sums come with the last step. */
export function* digestStepsOf(records: Records, range: HashRange, retirement: Retirement): Generator<DigestStep> {
  const sums = emptyDigest()
  let visited = 0
  let retired = 0
  for (const { visits, record } of walk(records)) {
    visited = visits
    const hash = keyHash(record.key)
    if (inRange(hash, range)) {
      if (isRetired(record, retirement)) retired += 1
      else addToDigest(sums, hash, checksum(record))
    }
    if (visits % visitsPerStepMax !== 0) continue
    yield { records: visitsPerStepMax, sums: null, retired }
    retired = 0
  }
  yield { records: visited % visitsPerStepMax, sums, retired }
}

/**
 * A Map's iterator walks in order of insertion and sees what is added meanwhile. Whatever was held at the start comes
 * before anything added, so the walk need not run after the writers: it ends after as many entries as there were.
 */
function* walk(records: Records): Generator<{ visits: number; record: VersionedRecord }> {
  const visitsMax = records.size
  let visits = 0
  for (const record of records.values()) {
    if (visits === visitsMax) return
    visits += 1
    yield { visits, record }
  }
}

function selectorOf(
  range: HashRange,
  { keyPrefix = '', buckets, retired }: Filters,
): (record: VersionedRecord) => boolean {
  const bucketsWanted = buckets === undefined ? null : new Set(buckets)
  const isWhole = range.from <= wholeRange.from && range.to >= wholeRange.to
  return (record) => {
    if (!record.key.startsWith(keyPrefix)) return false
    if (retired !== undefined && !isRetired(record, retired)) return false
    if (isWhole && bucketsWanted === null) return true
    const hash = keyHash(record.key)
    return inRange(hash, range) && bucketsWanted?.has(bucketOf(hash)) !== false
  }
}
