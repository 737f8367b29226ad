import { type HashRange, hashSpace } from './hash.ts'

/**
 * Digests: what replicas compare before they look at single keys. The keys are dealt into buckets by their hash; a
 * digest has a sum of checksums for each bucket, modulo 2^32. Checksums cover key and version, and equal versions mean
 * equal records, so where the sums agree the records do, but for one difference in four thousand million.
 *
 * A sum does not depend on an order and needs no memory but itself, so that every backend can compute it where the
 * records are, from digits that are stored beside them.
 */
const digitsBase = 1_000_000_000
const bucketSize = 100_000
const firstBucket = digitsBase / bucketSize
const sumSpace = 2 ** 32

export const bucketsCount: number = Math.ceil((digitsBase + hashSpace) / bucketSize) - firstBucket

/** How many of the digits of a hash name its bucket. */
export const bucketDigits = 5

/** Ten digits of a 32-bit number, of which the first is never 0: backends can slice them and read each part as a number. */
export function digitsOf(number: number): string {
  return String(digitsBase + number)
}

/** The bucket of a hash, from 0. */
export function bucketOf(hash: number): number {
  return Math.floor((digitsBase + hash) / bucketSize) - firstBucket
}

/** What {@link bucketOf} is for digits of {@link digitsOf}: the number of their first {@link bucketDigits}, less this. */
export const bucketBase: number = firstBucket

/** The hashes of the buckets from `from` up to, and not including, `to`. */
export function rangeOfBuckets(from: number, to: number): HashRange {
  return { from: startOf(from), to: startOf(to) }
}

function startOf(bucket: number): number {
  return Math.min(hashSpace, Math.max(0, (firstBucket + bucket) * bucketSize - digitsBase))
}

/** The sums of some records, by bucket; all zero for none. */
export type Digest = Uint32Array

export function emptyDigest(): Digest {
  return new Uint32Array(bucketsCount)
}

/** @param checksum digits as they are stored with a record */
export function addToDigest(digest: Digest, hash: number, checksum: string): void {
  addSum(digest, bucketOf(hash), Number(checksum))
}

/** @param sum a sum of checksums, or part of one, of any size up to 2^53 */
export function addSum(digest: Digest, bucket: number, sum: number): void {
  digest[bucket] = ((digest[bucket] ?? 0) + (sum % sumSpace)) % sumSpace
}

export function addDigest(digest: Digest, other: Digest): void {
  for (let bucket = 0; bucket < other.length; bucket += 1) {
    const sum = other[bucket] ?? 0
    if (sum !== 0) addSum(digest, bucket, sum)
  }
}

/** The buckets whose sums are not the same in all digests. */
export function differingBuckets(digests: readonly Digest[]): number[] {
  const [first, ...others] = digests
  const differing: number[] = []
  if (first === undefined) return differing
  for (let bucket = 0; bucket < first.length; bucket += 1) {
    if (others.some((digest) => digest[bucket] !== first[bucket])) differing.push(bucket)
  }
  return differing
}
