import { partsOf } from '../../coordinator/parts.ts'
import { inRange, keyHash } from '../../core/hash.ts'
import { isDead, type RecordHead, type ScanEntry } from '../../core/record.ts'
import { isRetired } from '../../core/retirement.ts'
import type { SweepContext } from './sweep-context.ts'
import { bytesOf } from './tally.ts'

/**
 * Removes retired records from all who take part, each at exactly the version that was found. A preview only counts them.
 *
 * @param withoutRetired the replicas whose digest has shown that there is nothing to look for
 */
export async function purgeRetired(context: SweepContext, withoutRetired: ReadonlySet<number>): Promise<void> {
  const { attendance, progress } = context
  let done = 0
  await attendance.eachAtOnce(async (member) => {
    if (!withoutRetired.has(member)) await purgeAt(context, member)
    done += 1
    progress.tell('purge', done / Math.max(1, attendance.present.length))
  })
}

async function purgeAt(context: SweepContext, member: number): Promise<void> {
  const { attendance, parts, plan, limits, tally, pace, partitionRange, purgeable, signal } = context
  const bounds = { pageTimeoutMs: parts.callTimeoutMs, pageKeysMax: limits.pageKeysMax, ...(signal && { signal }) }
  const pages = attendance.walk(member, (replica) => replica.scan(partitionRange, { ...bounds, retired: purgeable }))
  for await (const entries of pages) {
    tally.add(member, 'bytes', bytesOf(entries))
    await pace.take(entries.length)
    const nowMs = parts.runtime.clock.nowMs()
    const due = entries.filter((entry) => isPurgeable(entry, context, nowMs)).map(headOf)
    if (plan.isPreview) tally.add(member, 'purged', due.length)
    else await purge(context, member, due)
  }
}

/** Looks again at what the scan gave, which may have ignored the times; what cannot be read is never purged. */
function isPurgeable(entry: ScanEntry, { partitionRange, purgeable }: SweepContext, nowMs: number): boolean {
  if (entry.isUnreadable === true || !inRange(keyHash(entry.key), partitionRange)) return false
  return isDead(entry, nowMs) && isRetired(entry, purgeable)
}

async function purge(
  { attendance, parts, tally }: SweepContext,
  member: number,
  heads: readonly RecordHead[],
): Promise<void> {
  if (heads.length === 0) return
  const batchKeysMax = parts.members[member]?.replica.limits.batchKeysMax ?? heads.length
  for (const part of partsOf(heads, batchKeysMax)) {
    const purged = await attendance.ask(member, (replica, options) => replica.purgeMany(part, options))
    tally.add(member, 'purged', purged?.filter(Boolean).length ?? 0)
    tally.add(member, 'bytes', bytesOf(part))
  }
}

function headOf({ key, version, kind, expiresAtMs, retainUntilMs }: ScanEntry): RecordHead {
  return { key, version, kind, expiresAtMs, retainUntilMs }
}
