import { wholeRange } from '../core/hash.ts'
import { isDead, newTombstone, type RecordHead } from '../core/record.ts'
import { isSameWriter, successor, type Version, versionTimeMs } from '../core/version.ts'
import type { CoordinatorContext, OperationPlan } from './context.ts'
import { searchReplicas } from './search.ts'
import { WriteBatch } from './write-batch.ts'

const pageKeysMax = 1_000

/**
 * Writes a tombstone over every live key with the prefix.
 *
 * A tombstone takes the version right above the record it was found by, so it can hide nothing written later. Replicas
 * are gone through one after the other, each whole; keys that an earlier one showed come up dead in the next, so nothing
 * has to be remembered.
 */
export async function clearKeys(context: CoordinatorContext, plan: OperationPlan, keyPrefix: string): Promise<void> {
  const begunAt = context.clock.next(context.runtime.clock.nowMs())
  await searchReplicas(context, plan, 'clear', async (replica) => {
    const pages = replica.scan(wholeRange, { keyPrefix, pageKeysMax, pageTimeoutMs: plan.callTimeoutMs })
    for await (const heads of pages) {
      const nowMs = context.runtime.clock.nowMs()
      const due = heads.filter((head) => head.key.startsWith(keyPrefix) && isDue(head, begunAt, nowMs))
      if (due.length > 0) await bury(context, plan, due)
    }
  })
}

/**
 * Whether a live record was there before the clear began. One with a later version was written since, with two exceptions
 * of which the version says nothing: another writer's from the very millisecond in which the clear began, and one that
 * lies in the future even now, because its writer's clock is ahead. Those go: a key that outlives a clear is worse than
 * one that has to be written again.
 */
function isDue(head: RecordHead, begunAt: Version, nowMs: number): boolean {
  if (isDead(head, nowMs)) return false
  if (head.version < begunAt) return true
  const atMs = versionTimeMs(head.version)
  return atMs > nowMs || (atMs === versionTimeMs(begunAt) && !isSameWriter(head.version, begunAt))
}

async function bury(context: CoordinatorContext, plan: OperationPlan, heads: readonly RecordHead[]): Promise<void> {
  const batch = new WriteBatch(context, plan, true)
  const buried = heads.map(
    (head) =>
      new Promise<boolean>((resolve, reject) => {
        const draft = (_version: Version, nowMs: number) => newTombstone(head.key, successor(head.version), nowMs)
        batch.add({ key: head.key, operation: 'clear', draft }, resolve, reject)
      }),
  )
  batch.send()
  await Promise.all(buried)
}
