import type { Repair } from '../core/read.ts'
import type { CorruptRecord, RecordHead, VersionedRecord } from '../core/record.ts'
import type { CallOptions, Replica } from '../replica.ts'
import type { WatchedReplica } from '../wrap/detector.ts'
import type { RepairSink } from './context.ts'

/** The two ways to read: whole records for `get`, heads alone for `has` and for the first phase of a linearizable write. */
export interface ReadKind<Head extends RecordHead> {
  ask(
    replica: Replica,
    keys: readonly string[],
    options: CallOptions,
  ): Promise<readonly (Head | CorruptRecord | null)[]>
  repair(sink: RepairSink, replica: WatchedReplica, repair: Repair<Head>): void
  /** The record to put on replicas before it is answered; null when this kind cannot. */
  whole(head: Head): VersionedRecord | null
}

export const wholeRecords: ReadKind<VersionedRecord> = {
  ask: (replica, keys, options) => replica.getMany(keys, options),
  repair: (sink, replica, repair) => sink.add(replica, repair),
  whole: (record) => record,
}

export const headsAlone: ReadKind<RecordHead> = {
  ask: (replica, keys, options) => replica.getVersions(keys, options),
  repair: (sink, replica, { record }) => sink.reread(replica, record.key),
  whole: () => null,
}
