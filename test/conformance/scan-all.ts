import { type HashRange, wholeRange } from '../../src/core/hash.ts'
import type { RecordHead } from '../../src/core/record.ts'
import type { Replica, ScanOptions } from '../../src/replica.ts'

/** All heads of a scan, in the order of their keys. A scan may give a head again; it is kept once. */
export async function scanAll(
  replica: Replica,
  options: ScanOptions,
  range: HashRange = wholeRange,
): Promise<RecordHead[]> {
  const heads = new Map<string, RecordHead>()
  for await (const page of replica.scan(range, options)) {
    for (const head of page) heads.set(head.key, head)
  }
  return sortByKey([...heads.values()])
}

export function sortByKey(heads: readonly RecordHead[]): RecordHead[] {
  return heads.toSorted((a, b) => (a.key < b.key ? -1 : 1))
}
