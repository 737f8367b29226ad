import { bucketOf, rangeOfBuckets } from '../../core/digest.ts'
import { inRange, keyHash } from '../../core/hash.ts'
import type { ScanEntry } from '../../core/record.ts'
import type { ScanOptions, VersionAnswer } from '../../replica.ts'
import { BucketAccounts } from './bucket-accounts.ts'
import type { ComparedDigests } from './compare-digests.ts'
import { compareKeys } from './compare-keys.ts'
import type { MemberAnswer } from './decide-key.ts'
import type { Mender } from './mend.ts'
import type { SweepContext } from './sweep-context.ts'
import { bytesOf } from './tally.ts'

/**
 * Compares the keys of the buckets that differ, slice by slice, as far as there is anybody left to compare.
 * @param onSlice is told the bucket before which all is done, and how much of the whole that is
 */
export async function dig(
  context: SweepContext,
  mender: Mender,
  digests: ComparedDigests,
  onSlice: (bucket: number, fraction: number) => void,
): Promise<void> {
  const slices = slicesOf(context, digests)
  const accounts = new BucketAccounts(digests.digests, context.parts.retirement)
  const order = [...digests.digests.keys()]
  for (const [index, buckets] of slices.entries()) {
    const slice = new Slice(context, mender, { buckets, order, accounts })
    await slice.dig((fraction) => context.progress.tell('keys', (index + fraction) / slices.length))
    if (!context.attendance.isEnough) return
    const isLast = index === slices.length - 1
    onSlice(isLast ? context.plan.toBucket : slice.endBucket, (index + 1) / slices.length)
  }
}

function slicesOf({ plan, limits }: SweepContext, { differing, records }: ComparedDigests): number[][] {
  const bucketKeys = Math.max(1, records / Math.max(1, plan.toBucket - plan.fromBucket))
  const wanted = Math.ceil((differing.length * bucketKeys) / limits.sliceKeys)
  const bucketsPerSlice = Math.ceil(differing.length / Math.min(limits.slicesMax, Math.max(1, wanted)))
  const slices: number[][] = []
  for (let start = 0; start < differing.length; start += bucketsPerSlice) {
    slices.push(differing.slice(start, start + bucketsPerSlice))
  }
  return slices
}

interface SliceParts {
  readonly buckets: readonly number[]
  /** The members, those first that find the keys of a bucket the soonest, as far as is known. */
  readonly order: readonly number[]
  readonly accounts: BucketAccounts
}

/**
 * Some buckets: goes through them at one replica after the other, and compares each key that it meets with all of them. A
 * replica that turns out to hold nothing else is not gone through.
 */
class Slice {
  readonly endBucket: number
  readonly #context: SweepContext
  readonly #mender: Mender
  readonly #buckets: readonly number[]
  readonly #isWanted: ReadonlySet<number>
  readonly #order: readonly number[]
  readonly #accounts: BucketAccounts
  readonly #compared = new Set<string>()
  /** The buckets that were gone through before, by replica. */
  readonly #walked = new Map<number, ReadonlySet<number>>()

  constructor(context: SweepContext, mender: Mender, { buckets, order, accounts }: SliceParts) {
    this.#context = context
    this.#mender = mender
    this.#order = order
    this.#accounts = accounts
    this.#buckets = buckets
    this.#isWanted = new Set(buckets)
    this.endBucket = (buckets.at(-1) ?? -1) + 1
  }

  /** @param onPage is told how much of the slice is done */
  async dig(onPage: (fraction: number) => void): Promise<void> {
    const { attendance } = this.#context
    for (const member of this.#order) {
      const buckets = this.#accounts.unexplained(member, this.#buckets)
      if (buckets.length > 0) await this.#walk(member, buckets, onPage)
      if (!attendance.isEnough) return
      this.#walked.set(member, new Set(buckets))
    }
  }

  async #walk(member: number, buckets: readonly number[], onPage: (fraction: number) => void): Promise<void> {
    const { attendance, pace, tally } = this.#context
    const range = rangeOfBuckets(buckets[0] ?? 0, (buckets.at(-1) ?? -1) + 1)
    const pages = attendance.walk(member, (replica) => replica.scan(range, this.#scanOptions(buckets)))
    for await (const entries of pages) {
      if (!attendance.isEnough) return
      tally.add(member, 'bytes', bytesOf(entries))
      await pace.take(entries.length)
      const news = entries.filter(({ key }) => this.#isNews(key, range))
      await this.#compare(member, news)
      onPage(this.#walked.size / Math.max(1, attendance.present.length))
    }
  }

  #scanOptions(buckets: readonly number[]): ScanOptions {
    const { parts, limits, signal } = this.#context
    const options = { pageTimeoutMs: parts.callTimeoutMs, pageKeysMax: limits.pageKeysMax, ...(signal && { signal }) }
    const isGapless = buckets.length === (buckets.at(-1) ?? 0) - (buckets[0] ?? 0) + 1
    return isGapless ? options : { ...options, buckets }
  }

  #isNews(key: string, range: { readonly from: number; readonly to: number }): boolean {
    const hash = keyHash(key)
    return inRange(hash, range) && this.#isWanted.has(bucketOf(hash)) && !this.#compared.has(key)
  }

  async #compare(member: number, entries: readonly ScanEntry[]): Promise<void> {
    const answers = new Map<string, MemberAnswer>()
    for (const entry of entries) answers.set(entry.key, answerOf(entry))
    const isFull = this.#compared.size >= this.#context.limits.comparedKeysMax
    for (const key of answers.keys()) this.#remember(key)
    const scanned = { member, answers: [...answers.values()] }
    const onAnswers = (other: number, given: readonly VersionAnswer[]) => this.#accounts.add(other, given)
    const page = { keys: [...answers.keys()], scanned, onAnswers }
    await compareKeys(
      this.#context,
      this.#mender,
      isFull ? { ...page, isRepeated: (key, others) => this.#isRepeated(key, others) } : page,
    )
  }

  #remember(key: string): void {
    if (this.#compared.size < this.#context.limits.comparedKeysMax) this.#compared.add(key)
  }

  /** For a key that there was no room to remember: what an earlier replica holds was met when that one was gone through. */
  #isRepeated(key: string, answers: readonly MemberAnswer[]): boolean {
    const bucket = bucketOf(keyHash(key))
    return [...this.#walked].some(([member, buckets]) => (answers[member] ?? null) !== null && buckets.has(bucket))
  }
}

function answerOf(entry: ScanEntry): MemberAnswer {
  const { key, version, kind, expiresAtMs, retainUntilMs } = entry
  if (entry.isUnreadable === true) return { kind: 'corrupt', key, reason: 'not a record' }
  return { key, version, kind, expiresAtMs, retainUntilMs }
}
