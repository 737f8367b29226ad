import { addToDigest, type Digest, emptyDigest } from '../../core/digest.ts'
import { keyHash } from '../../core/hash.ts'
import { isRetired, type Retirement } from '../../core/retirement.ts'
import type { VersionAnswer } from '../../replica.ts'

/**
 * Spares replicas a walk. What a replica answered for keys that others hold is added up by bucket; where that makes the sum
 * of its digest, it holds no other key. So in a backend without an index nobody has to look for the keys of a few buckets
 * among all there are, unless it holds some that no replica before it does, or was written to meanwhile.
 *
 * It takes a digest of memory for each replica.
 */
export class BucketAccounts {
  readonly #digests: ReadonlyMap<number, Digest>
  readonly #retirement: Retirement
  readonly #known = new Map<number, Digest>()

  /** @param digests by member, and what was left out of them */
  constructor(digests: ReadonlyMap<number, Digest>, retirement: Retirement) {
    this.#digests = digests
    this.#retirement = retirement
  }

  /** Each key is to be added once. Unreadable heads are in no digest. */
  add(member: number, answers: readonly VersionAnswer[]): void {
    const known = this.#known.get(member) ?? emptyDigest()
    this.#known.set(member, known)
    for (const answer of answers) {
      const isSummed = answer !== null && answer.kind !== 'corrupt' && !isRetired(answer, this.#retirement)
      if (isSummed) addToDigest(known, keyHash(answer.key), answer.checksum)
    }
  }

  /** The buckets in which a replica holds something, or may, that is not known yet. */
  unexplained(member: number, buckets: readonly number[]): readonly number[] {
    const digest = this.#digests.get(member)
    const known = this.#known.get(member)
    if (digest === undefined) return buckets
    return buckets.filter((bucket) => digest[bucket] !== (known?.[bucket] ?? 0))
  }
}
