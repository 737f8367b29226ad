import { hash } from 'node:crypto'
import {
  type CorruptRecord,
  decodeHead,
  decodeRecord,
  encodeRecord,
  isCorrupt,
  type ScanEntry,
  type StoredHead,
  unreadableHead,
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
const hashedKeyEnd = /keyv-quorum\/#[0-9a-f]{64}$/
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
export function readHead(key: string, stored: unknown): StoredHead | CorruptRecord | null {
  if (stored === null || stored === undefined) return null
  const head = decodeHead(key, recordTextOf(key, stored) ?? '')
  return isCorrupt(head) ? corrupt(key) : head
}

/**
 * An entry that an iterator gave, as a scan gives it; null when it is none of the records, `unknown key` when it is one
 * that lies under the hash of its key and does not tell that key any more.
 */
export function entryOfStore(entryKey: unknown, stored: unknown): ScanEntry | 'unknown key' | null {
  if (typeof entryKey !== 'string' || stored === null || stored === undefined) return null
  const key = keyToldBy(entryKey, stored) ?? plainKeyIn(entryKey)
  if (key !== null) return scanEntryIn(key, stored)
  return hashedKeyEnd.test(entryKey) ? 'unknown key' : null
}

function scanEntryIn(key: string, stored: unknown): ScanEntry {
  const head = decodeHead(key, recordTextOf(key, stored) ?? '')
  return isCorrupt(head) ? unreadableHead(key) : head
}

/** The key that the text begins with, if the entry lies where that key belongs. */
function keyToldBy(entryKey: string, stored: unknown): string | null {
  if (typeof stored !== 'string') return null
  const match = keyLength.exec(stored)
  if (match === null) return null
  const start = match[0].length
  const key = stored.slice(start, start + Number(match[1]))
  // Some iterators give keys with the namespace of the store, some without.
  return entryKey.endsWith(storedKey(key)) ? key : null
}

/** The key that the entry lies under, unless that is a hash. Plain keys hold no slash, so the last prefix is ours. */
function plainKeyIn(entryKey: string): string | null {
  const place = entryKey.lastIndexOf(storedPrefix)
  const key = entryKey.slice(place + storedPrefix.length)
  return place >= 0 && plainKey.test(key) ? key : null
}

function recordTextOf(key: string, stored: unknown): string | null {
  const start = `${key.length}:${key}`
  return typeof stored === 'string' && stored.startsWith(start) ? stored.slice(start.length) : null
}

function corrupt(key: string): CorruptRecord {
  return { kind: 'corrupt', key, reason: 'what the store holds is not a record of this key' }
}
