import { wholeRange } from '../core/hash.ts'
import { searchQuorum } from '../core/quorum.ts'
import { isDead, newTombstone, type RecordHead, type ScanEntry, type VersionedRecord } from '../core/record.ts'
import { isSameWriter, successor, type Version, versionBefore, versionTimeMs } from '../core/version.ts'
import { QuorumError } from '../errors.ts'
import type { CoordinatorContext, OperationPlan } from './context.ts'
import { ReadBatch } from './read-batch.ts'
import { wholeRecords } from './read-kind.ts'
import { searchReplicas } from './search.ts'
import { WriteBatch } from './write-batch.ts'

const pageKeysMax = 1_000
const buriedMax = 100_000

/**
 * Writes a tombstone over every live key with the prefix.
 *
 * A tombstone takes the version right above the record it was found by, or one from so long before the clear that no clock
 * still gives it, so it can hide nothing written later, and does not look as if it had died with an old record. Replicas
 * are gone through one after the other, each whole; what an earlier one showed is dead by then, and need not be buried
 * again as long as it is remembered.
 */
export async function clearKeys(context: CoordinatorContext, plan: OperationPlan, keyPrefix: string): Promise<void> {
  const begunAt = context.clock.next(context.runtime.clock.nowMs())
  const diesAt = versionBefore(versionTimeMs(begunAt) - context.maxClockSkewMs)
  const buried = new Map<string, Version>()
  let hasBuried = false
  const searched = searchReplicas(context, plan, 'clear', async (replica) => {
    const pages = replica.scan(wholeRange, { keyPrefix, pageKeysMax, pageTimeoutMs: plan.callTimeoutMs })
    for await (const entries of pages) {
      const isNews = ({ key, version }: RecordHead) => version > (buried.get(key) ?? '')
      const found = entries.filter((entry) => entry.isUnreadable === true || isNews(entry))
      const heads = await soundHeads(
        context,
        plan,
        found.filter(({ key }) => key.startsWith(keyPrefix)),
      )
      const nowMs = context.runtime.clock.nowMs()
      const due = heads.filter(isNews).filter((head) => wasThereBefore(head, begunAt, nowMs) && !isGone(head, nowMs))
      if (due.length === 0) continue
      await bury(context, plan, due, diesAt)
      hasBuried = true
      for (const head of due) if (buried.size < buriedMax) buried.set(head.key, graveOf(head, diesAt, nowMs).version)
    }
  })
  await searched.catch((error: unknown) => {
    throw hasBuried ? withUnknownOutcome(error) : error
  })
}

/** What fails may have written nothing itself: some keys are gone all the same. */
function withUnknownOutcome(error: unknown): unknown {
  if (!(error instanceof QuorumError) || error.outcome === 'unknown') return error
  return new QuorumError({ ...error, causes: error.causes, outcome: 'unknown' })
}

/**
 * The heads of a page. In the place of one that cannot be read, or that lies in the future, comes the newest record that a
 * quorum knows for the key, if there is any, with its checksum looked at: a tombstone over a damaged version would hide
 * every later write of its key. The corrupt replica is mended on the way.
 */
async function soundHeads(
  context: CoordinatorContext,
  plan: OperationPlan,
  entries: readonly ScanEntry[],
): Promise<readonly RecordHead[]> {
  const nowMs = context.runtime.clock.nowMs()
  const isDoubtful = ({ isUnreadable, version }: ScanEntry) => isUnreadable === true || versionTimeMs(version) > nowMs
  const doubtful = entries.filter(isDoubtful)
  if (doubtful.length === 0) return entries
  const r = Math.max(plan.r, searchQuorum(plan.n, plan.w))
  const batch = new ReadBatch(context, { ...plan, r, writesBack: false }, wholeRecords, 'clear')
  const records = await batch.readAll(doubtful.map(({ key }) => key))
  const known = records.filter((record) => record !== null)
  return [...entries.filter((entry) => !isDoubtful(entry)), ...known]
}

/**
 * Whether a record was there before the clear began. One with a later version was written since, with two exceptions of
 * which the version says nothing: another writer's from the very millisecond in which the clear began, and one that lies
 * in the future even now, because its writer's clock is ahead. Those go: a key that outlives a clear is worse than one
 * that has to be written again.
 */
function wasThereBefore(head: RecordHead, begunAt: Version, nowMs: number): boolean {
  if (head.version < begunAt) return true
  const atMs = versionTimeMs(head.version)
  return atMs > nowMs || (atMs === versionTimeMs(begunAt) && !isSameWriter(head.version, begunAt))
}

/**
 * A dead record may have been left by a deletion that failed. While an older record may still live where it did not
 * arrive, it has to be on w replicas before the key is gone.
 */
function isGone(head: RecordHead, nowMs: number): boolean {
  return isDead(head, nowMs) && head.retainUntilMs <= nowMs
}

function graveOf(head: RecordHead, diesAt: Version, nowMs: number): VersionedRecord {
  if (head.kind === 'tombstone') return { ...head, payload: '' }
  const above = successor(head.version)
  return newTombstone(head.key, above > diesAt ? above : diesAt, nowMs)
}

async function bury(
  context: CoordinatorContext,
  plan: OperationPlan,
  heads: readonly RecordHead[],
  diesAt: Version,
): Promise<void> {
  const batch = new WriteBatch(context, plan, true)
  const acknowledged = heads.map(
    (head) =>
      new Promise<boolean>((resolve, reject) => {
        const draft = (_version: Version, nowMs: number) => graveOf(head, diesAt, nowMs)
        batch.add({ key: head.key, operation: 'clear', draft }, resolve, reject)
      }),
  )
  batch.send()
  await Promise.all(acknowledged)
}
