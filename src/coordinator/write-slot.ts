import type { VersionedRecord } from '../core/record.ts'
import type { Version } from '../core/version.ts'
import type { KeyWrite } from '../core/write.ts'
import type { QuorumError, QuorumOperation } from '../errors.ts'
import type { PutOutcome } from '../replica.ts'
import type { HintSink } from './context.ts'

/** Makes the record of a write once its version is known; asked again when a later version is needed. */
export type Draft = (version: Version, nowMs: number) => VersionedRecord

/** One key of a batch of writes, on its way to w replicas. */
export interface Slot {
  readonly key: string
  readonly write: KeyWrite
  readonly waiters: Waiter[]
  draft: Draft
  record: VersionedRecord | null
  attempt: number
  /** The replicas whose newer record stood in the way of the attempt under way. */
  supersededAt: number[]
  /** The replicas that did not take it: told of the key when the write is over, so that a hint finds what was written. */
  missedBy: string[] | null
  isSettled: boolean
  /** Whether a replica may have taken the write without saying so. */
  isUncertain: boolean
}

export interface Waiter {
  /** @param replacedLive whether the write took the place of a live value */
  readonly resolve: (replacedLive: boolean) => void
  readonly reject: (error: QuorumError) => void
  readonly operation: QuorumOperation
  /** Set when an earlier write of the same turn is what this one replaced. */
  readonly replacedLive: boolean | null
}

export function newSlot(key: string, write: KeyWrite, draft: Draft, waiter: Waiter): Slot {
  const state = { attempt: 0, supersededAt: [], missedBy: null, isSettled: false, isUncertain: false, record: null }
  return { key, write, waiters: [waiter], draft, ...state }
}

/** A replica did not take the write. */
export function noteMissed(slot: Slot, replica: string, hints: HintSink): void {
  if (slot.isSettled) hints.add(replica, [slot.key])
  else if (slot.missedBy === null) slot.missedBy = [replica]
  else if (!slot.missedBy.includes(replica)) slot.missedBy.push(replica)
}

/** The write is over. */
export function tellMissed({ key, missedBy }: Slot, hints: HintSink): void {
  for (const replica of missedBy ?? noReplicas) hints.add(replica, [key])
}

const noReplicas: readonly string[] = []

export function mayBeApplied({ record, isUncertain, write }: Slot): boolean {
  return record !== null && (isUncertain || write.appliedSomewhere || write.unanswered > 0)
}

/** What one attempt of a key's write put. */
export interface Sent {
  readonly slot: Slot
  readonly attempt: number
  readonly record: VersionedRecord
}

/** What a replica made of it. */
export interface Answered extends Sent {
  readonly outcome: PutOutcome
}
