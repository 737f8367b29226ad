import type { SQLOutputValue, StatementSync } from 'node:sqlite'
import {
  type CorruptRecord,
  isCorrupt,
  type RecordStamp,
  type ScanEntry,
  type StoredHead,
  unreadableHead,
  type VersionedRecord,
  verified,
} from '../../src/core/record.ts'
import { isVersion, timeMaxMs } from '../../src/core/version.ts'

/** What a statement gives whose columns begin with {@link stampColumns}. */
export type Row = readonly SQLOutputValue[]

/**
 * Keeps stored times within what JavaScript can hold and anything that is no time out of range, whatever damage did to
 * them: node:sqlite throws on larger integers, and one bad row must not fail a batch. SQLite orders numbers before texts.
 */
export const stampColumns = `version, kind, max(-1, min(expires_at_ms, ${timeMaxMs + 1})), max(-1, min(retain_until_ms, ${timeMaxMs + 1}))`

const checksumPattern = /^[1-5][0-9]{9}$/

/** Arrays are cheaper than an object a row. */
export function asArrays(statement: StatementSync): StatementSync {
  statement.setReturnArrays(true)
  return statement
}

export function rowOf(row: unknown): Row | null {
  return row === undefined ? null : (row as Row)
}

export function stampOf([version, kind, expires, retain]: Row): RecordStamp | null {
  const retainUntilMs = timeOf(retain)
  const expiresAtMs = expires === null ? null : timeOf(expires)
  if (typeof version !== 'string' || !isVersion(version)) return null
  if (kind !== 'value' && kind !== 'tombstone') return null
  if (retainUntilMs === null || (expires !== null && expiresAtMs === null)) return null
  return { version, kind, expiresAtMs, retainUntilMs }
}

export function timeOf(stored: SQLOutputValue | undefined): number | null {
  const isTime = typeof stored === 'number' && Number.isInteger(stored) && stored >= 0 && stored <= timeMaxMs
  return isTime ? stored : null
}

/** A checksum of other digits has no place in a sum: such a head counts as unreadable, as it does in digests. */
export function storedHeadOfRow(
  key: string,
  row: Row,
  storedChecksum: SQLOutputValue | undefined,
): StoredHead | CorruptRecord {
  const stamp = stampOf(row)
  const isChecksum = typeof storedChecksum === 'string' && checksumPattern.test(storedChecksum)
  return stamp === null || !isChecksum ? unreadable(key) : { key, ...stamp, checksum: storedChecksum }
}

export function scanEntryOfRow(key: string, row: Row, storedChecksum: SQLOutputValue | undefined): ScanEntry {
  const head = storedHeadOfRow(key, row, storedChecksum)
  return isCorrupt(head) ? unreadableHead(key) : head
}

/** @param row with checksum and payload after the stamp */
export function recordOf(key: string, row: Row): VersionedRecord | CorruptRecord {
  const stamp = stampOf(row)
  const [, , , , storedChecksum, payload] = row
  if (stamp === null || typeof storedChecksum !== 'string' || typeof payload !== 'string') return unreadable(key)
  return verified({ key, ...stamp, payload }, storedChecksum)
}

function unreadable(key: string): CorruptRecord {
  return { kind: 'corrupt', key, reason: 'not a record' }
}
