import { hash } from 'node:crypto'
import {
  type CorruptRecord,
  decodeRecord,
  decodeStamp,
  encodeRecord,
  type RecordHead,
  type VersionedRecord,
} from '../../src/core/record.ts'

/**
 * How records lie in a Keyv store.
 *
 * Stores differ in what a key may be: some take 255 characters, some fold case or accents, some give a meaning to `::`
 * or `*`. So a key goes in as it is only when no store can mind, and as its SHA-256 otherwise. The text under it begins
 * with the whole key, `12:sessions:abc` and then the record, so that nothing is taken for the record of another key.
 */
const storedPrefix = 'keyv-quorum/'
const plainKey = /^(?!.*::)[a-z0-9_.:-]{0,128}$/
const keyLength = /^(\d{1,9}):/

/** Under this key a store keeps its lineage; no record's key starts that way. */
export const lineageKey: string = `${storedPrefix}#lineage`

export function storedKey(key: string): string {
  return storedPrefix + (plainKey.test(key) ? key : `#${hash('sha256', key)}`)
}

export function storedText(record: VersionedRecord): string {
  return `${record.key.length}:${record.key}${encodeRecord(record)}`
}

/** @param stored what the store gave; null and undefined mean absence */
export function readRecord(key: string, stored: unknown): VersionedRecord | CorruptRecord | null {
  if (stored === null || stored === undefined) return null
  const recordText = recordTextOf(key, stored)
  return recordText === null ? corrupt(key) : decodeRecord(key, recordText)
}

/** Like {@link readRecord} as far as the head tells. */
export function readHead(key: string, stored: unknown): RecordHead | CorruptRecord | null {
  if (stored === null || stored === undefined) return null
  const stamp = decodeStamp(recordTextOf(key, stored) ?? '')
  return stamp === null ? corrupt(key) : { key, ...stamp }
}

/** The head of an entry that an iterator gave; null when it is not a readable record lying where it belongs. */
export function headOfEntry(entryKey: unknown, stored: unknown): RecordHead | null {
  if (typeof entryKey !== 'string' || typeof stored !== 'string') return null
  const match = keyLength.exec(stored)
  if (match === null) return null
  const start = match[0].length
  const key = stored.slice(start, start + Number(match[1]))
  // Some iterators give keys with the namespace of the store, some without.
  if (!entryKey.endsWith(storedKey(key))) return null
  const stamp = decodeStamp(stored.slice(start + key.length))
  return stamp === null ? null : { key, ...stamp }
}

function recordTextOf(key: string, stored: unknown): string | null {
  const start = `${key.length}:${key}`
  return typeof stored === 'string' && stored.startsWith(start) ? stored.slice(start.length) : null
}

function corrupt(key: string): CorruptRecord {
  return { kind: 'corrupt', key, reason: 'what the store holds is not a record of this key' }
}
