import { addDigest, addToDigest, bucketsCount, type Digest, differingBuckets, emptyDigest } from '../../core/digest.ts'
import { inRange, keyHash } from '../../core/hash.ts'
import { isRetired } from '../../core/retirement.ts'
import type { SweepContext } from './sweep-context.ts'
import { bytesOf } from './tally.ts'

export interface ComparedDigests {
  /** The buckets in which not all replicas hold the same, ascending. */
  readonly differing: readonly number[]
  /** The most records that any replica looked at. */
  readonly records: number
  /** Of the replicas that are still present, in the order in which they were done: the quickest first. */
  readonly digests: ReadonlyMap<number, Digest>
  /** The replicas that are known to hold nothing retired in the range. */
  readonly withoutRetired: ReadonlySet<number>
}

/** What one replica was found to hold. */
interface Looked {
  readonly records: number
  /** At least so many as there are; null where nobody counted them. */
  readonly retired: number | null
}

const digestBytes = 4 * bucketsCount
/** A replica that claims to have looked at more in one step does not keep the sweep waiting for it. */
const stepRecordsMax = 1_000_000

/** Takes the digests of all replicas at once, each in the memory of one digest, and compares them. */
export async function compareDigests(context: SweepContext): Promise<ComparedDigests> {
  const { attendance, parts, progress } = context
  const digests = new Map<number, Digest>()
  const withoutRetired = new Set<number>()
  let records = 0
  await attendance.eachAtOnce(async (member) => {
    const isNative = parts.members[member]?.replica.digest !== undefined
    const sums = emptyDigest()
    const looked = isNative ? await addNative(context, member, sums) : await addScanned(context, member, sums)
    if (!attendance.isPresent(member)) return
    digests.set(member, sums)
    if (looked.retired === 0) withoutRetired.add(member)
    records = Math.max(records, looked.records)
    progress.tell('digests', digests.size / attendance.present.length)
  })
  for (const member of digests.keys()) if (!attendance.isPresent(member)) digests.delete(member)
  return { differing: differingBuckets([...digests.values()]), records, digests, withoutRetired }
}

async function addNative(context: SweepContext, member: number, sums: Digest): Promise<Looked> {
  const { attendance, tally, pace, range } = context
  let records = 0
  let retired: number | null = 0
  const options = digestOptions(context)
  for await (const step of attendance.walk(member, (replica) => replica.digest?.(range, options) ?? noSteps())) {
    records += step.records
    retired = step.retired === undefined || retired === null ? null : retired + step.retired
    if (step.sums !== null) {
      addDigest(sums, step.sums)
      tally.add(member, 'bytes', digestBytes)
    }
    await pace.take(Math.min(step.records, stepRecordsMax))
  }
  return { records, retired }
}

/** For a replica that cannot add up where the records are. */
async function addScanned(context: SweepContext, member: number, sums: Digest): Promise<Looked> {
  const { attendance, parts, limits, tally, pace, range, signal } = context
  const options = { pageTimeoutMs: parts.callTimeoutMs, pageKeysMax: limits.pageKeysMax, ...(signal && { signal }) }
  let records = 0
  let retired = 0
  for await (const entries of attendance.walk(member, (replica) => replica.scan(range, options))) {
    for (const entry of entries) {
      const hash = keyHash(entry.key)
      if (entry.isUnreadable === true || !inRange(hash, range)) continue
      if (isRetired(entry, parts.retirement)) retired += 1
      else addToDigest(sums, hash, entry.checksum)
    }
    records += entries.length
    tally.add(member, 'bytes', bytesOf(entries))
    await pace.take(entries.length)
  }
  return { records, retired }
}

function digestOptions({ parts, signal }: SweepContext) {
  return { stepTimeoutMs: parts.callTimeoutMs, retirement: parts.retirement, ...(signal && { signal }) }
}

async function* noSteps(): AsyncGenerator<never> {}
