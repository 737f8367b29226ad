import type { RecordStamp, VersionedRecord } from '../../src/core/record.ts'
import { compareRecords, compareStamps } from '../../src/core/resolve.ts'
import type { Entry, PutOutcome } from '../../src/replica.ts'
import { readHead, readRecord } from './stored-text.ts'

export interface PutDecision {
  readonly outcome: PutOutcome
  /** What has to be written for that outcome; null when nothing has. */
  readonly write: VersionedRecord | null
}

/** Put if newer as a pure step: what to answer and what to write over what the store holds. */
export function decidePut({ record, mendsIdentity }: Entry, stored: unknown): PutDecision {
  const head = readHead(record.key, stored)
  if (head === null || head.kind === 'corrupt') return replace(record, null)

  const held = readRecord(record.key, stored)
  const isReadable = held !== null && held.kind !== 'corrupt'
  const isMended = held?.kind === 'corrupt' && mendsIdentity !== undefined && held.storedIdentity === mendsIdentity
  if (isMended) return replace(record, stampOf(head))
  const order = isReadable ? compareRecords(record, held) : compareStamps(record, head)
  if (order < 0) return { outcome: { status: 'superseded', by: stampOf(head) }, write: null }
  // A damaged payload is mended at its own version too: equal versions mean equal records.
  if (order > 0 || !isReadable) return replace(record, stampOf(head))

  const retainUntilMs = Math.max(record.retainUntilMs, held.retainUntilMs)
  const write = retainUntilMs === held.retainUntilMs ? null : { ...held, retainUntilMs }
  return { outcome: { status: 'held', retainUntilMs }, write }
}

function replace(record: VersionedRecord, replaced: RecordStamp | null): PutDecision {
  const retainUntilMs = Math.max(record.retainUntilMs, replaced?.retainUntilMs ?? 0)
  return { outcome: { status: 'stored', retainUntilMs, replaced }, write: { ...record, retainUntilMs } }
}

function stampOf({ version, kind, expiresAtMs, retainUntilMs }: RecordStamp): RecordStamp {
  return { version, kind, expiresAtMs, retainUntilMs }
}
