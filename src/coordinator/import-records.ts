import type { VersionedRecord } from '../core/record.ts'
import type { CoordinatorContext, OperationPlan } from './context.ts'
import { ReadBatch } from './read-batch.ts'
import { headsAlone } from './read-kind.ts'
import { WriteBatch } from './write-batch.ts'

/**
 * Writes records with the versions that they have, which nothing written since may lose to: what supersedes them counts
 * as an acknowledgement, as for the tombstones of `clear()`. A read quorum tells first where that is so.
 */
export async function importRecords(
  context: CoordinatorContext,
  plan: OperationPlan,
  records: readonly VersionedRecord[],
): Promise<readonly ('imported' | 'kept')[]> {
  const heads = new ReadBatch(context, { ...plan, writesBack: false }, headsAlone, 'set')
  const held = await heads.readAll(records.map(({ key }) => key))
  const isNewer = (record: VersionedRecord, index: number) => record.version > (held[index]?.version ?? '')
  const due = records.filter(isNewer)
  const batch = new WriteBatch(context, plan, true)
  const written = due.map(
    (record) =>
      new Promise<boolean>((resolve, reject) => {
        batch.add({ key: record.key, operation: 'set', draft: () => record }, resolve, reject)
      }),
  )
  if (due.length > 0) batch.send()
  await Promise.all(written)
  return records.map((record, index) => (isNewer(record, index) ? 'imported' : 'kept'))
}
