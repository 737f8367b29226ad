import { rangeOfBuckets } from '../../src/core/digest.ts'
import type { HashRange } from '../../src/core/hash.ts'

/** What of the range lies in these buckets, ascending, neighbours joined; the range itself without buckets. */
export function rangesOf(range: HashRange, buckets: readonly number[] | undefined): readonly HashRange[] {
  // Below 0 lie the replica's own rows.
  const wanted = { from: Math.max(0, range.from), to: range.to }
  const chosen = buckets === undefined ? [wanted] : joinedBuckets(buckets)
  return chosen
    .map(({ from, to }) => ({ from: Math.max(from, wanted.from), to: Math.min(to, wanted.to) }))
    .filter(({ from, to }) => from < to)
}

function joinedBuckets(buckets: readonly number[]): readonly HashRange[] {
  const joined: { from: number; to: number }[] = []
  for (const bucket of buckets) {
    const { from, to } = rangeOfBuckets(bucket, bucket + 1)
    const last = joined.at(-1)
    if (last?.to === from) last.to = to
    else joined.push({ from, to })
  }
  return joined
}
