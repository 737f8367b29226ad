import type { RecordHead, RecordStamp, VersionedRecord } from './record.ts'

/**
 * The one order of records of a key, the same for every reader whatever its clock: version; then tombstone over value;
 * then the larger payload bytes. Positive when `a` is newer, negative when `b` is, 0 when they are the same record.
 */
export function compareRecords(a: VersionedRecord, b: VersionedRecord): number {
  return compareStamps(a, b) || comparePayloads(a.payload, b.payload)
}

/** {@link compareRecords} as far as heads tell: 0 means the same record too, because versions are unique. */
export function compareStamps(a: RecordStamp, b: RecordStamp): number {
  if (a.version !== b.version) return a.version > b.version ? 1 : -1
  if (a.kind !== b.kind) return a.kind === 'tombstone' ? 1 : -1
  return 0
}

/** {@link compareRecords} of two whole records, or of two heads as far as they tell. */
export function compareHeads<Head extends RecordHead>(a: Head, b: Head): number {
  return compareStamps(a, b) || comparePayloads(payloadOf(a), payloadOf(b))
}

function payloadOf(head: RecordHead & { readonly payload?: string }): string {
  return head.payload ?? ''
}

export function newerStamp(a: RecordStamp | null, b: RecordStamp | null): RecordStamp | null {
  if (a === null || b === null) return a ?? b
  return compareStamps(a, b) >= 0 ? a : b
}

/** By UTF-8 bytes, as the backends compare; JavaScript's own `<` orders UTF-16 units. */
export function comparePayloads(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** Whether a replica that answered `held` should get `winner`. */
export function isStale<Head extends RecordHead>(held: Head | null, winner: Head, nowMs: number): boolean {
  // Where nothing is held, a record past its retention is left out: it may have been purged there, and would come back.
  if (held === null) return winner.retainUntilMs > nowMs
  return compareHeads(winner, held) > 0
}
