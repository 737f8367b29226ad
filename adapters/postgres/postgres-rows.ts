import type { CorruptRecord, RecordHead, StoredHead, VersionedRecord } from '../../src/core/record.ts'
import { foreverMs, verified } from '../../src/core/record.ts'
import { isVersion } from '../../src/core/version.ts'

/** A row as it comes: every field in PostgreSQL's text form. */
export type Row = readonly (string | null)[]

export const kindCodes = { value: 0, tombstone: 1 } as const

const checksumPattern = /^[1-5][0-9]{9}$/

/** Reads version, kind, expiresAtMs and retainUntilMs from four fields in a row. */
export function headAt(row: Row, offset: number, key: string): RecordHead | CorruptRecord {
  const version = row[offset] ?? ''
  const kind = row[offset + 1] === '1' ? 'tombstone' : 'value'
  const expiresAtMs = timeOf(row[offset + 2] ?? null)
  const retainUntilMs = timeOf(row[offset + 3] ?? null)
  if (!isVersion(version)) return corrupt(key, 'the version is not one')
  if (kind === 'value' && row[offset + 1] !== '0') return corrupt(key, 'the kind is not one')
  if (retainUntilMs === null || Number.isNaN(retainUntilMs)) return corrupt(key, 'the retention is not a time')
  if (Number.isNaN(expiresAtMs)) return corrupt(key, 'the expiry is not a time')
  return { key, version, kind, expiresAtMs, retainUntilMs }
}

/** Reads a head and a checksum. One of other digits has no place in a sum: such a head is unreadable, as it is in scans. */
export function storedHeadAt(row: Row, offset: number, key: string): StoredHead | CorruptRecord {
  const head = headAt(row, offset, key)
  const checksum = row[offset + 4] ?? ''
  if (head.kind === 'corrupt') return head
  return isChecksum(checksum) ? { ...head, checksum } : corrupt(key, 'the checksum is not one')
}

export function isChecksum(text: string): boolean {
  return checksumPattern.test(text)
}

/** Reads a head, a checksum and a payload. */
export function recordAt(row: Row, offset: number, key: string): VersionedRecord | CorruptRecord {
  const head = headAt(row, offset, key)
  if (head.kind === 'corrupt') return head
  return verified({ ...head, payload: row[offset + 5] ?? '' }, row[offset + 4] ?? '')
}

/** Puts answers, each led by the place of its request counted from 1, into the order of the requests. */
export function inPlaces<Answer>(count: number, rows: readonly Row[], read: (row: Row, index: number) => Answer) {
  const answers = new Array<Answer | null>(count).fill(null)
  for (const row of rows) {
    const index = Number(row[0]) - 1
    answers[index] = read(row, index)
  }
  return answers
}

/** NaN when it is none. */
function timeOf(text: string | null): number | null {
  if (text === null) return null
  const time = Number(text)
  return time >= 0 && time <= foreverMs ? time : Number.NaN
}

function corrupt(key: string, reason: string): CorruptRecord {
  return { kind: 'corrupt', key, reason }
}
