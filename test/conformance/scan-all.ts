import { type HashRange, wholeRange } from '../../src/core/hash.ts'
import type { ScanEntry } from '../../src/core/record.ts'
import type { Replica, ScanOptions } from '../../src/replica.ts'

/** All heads of a scan, in the order of their keys. A scan may give a head again; it is kept once. */
export async function scanAll(
  replica: Replica,
  options: ScanOptions,
  range: HashRange = wholeRange,
): Promise<ScanEntry[]> {
  const heads = new Map<string, ScanEntry>()
  for await (const page of replica.scan(range, options)) {
    for (const head of page) heads.set(head.key, head)
  }
  return sortByKey([...heads.values()])
}

export function sortByKey<Head extends { readonly key: string }>(heads: readonly Head[]): Head[] {
  return heads.toSorted((a, b) => (a.key < b.key ? -1 : 1))
}
