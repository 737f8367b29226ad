import { crc32 } from 'node:zlib'
import { digitsOf } from './digest.ts'
import { keyHash } from './hash.ts'
import { isVersion, timeMaxMs, timeText, type Version, versionLength } from './version.ts'

/**
 * What a replica holds for a key. Times are absolute, in ms since 1970, whole, from 0 to {@link timeMaxMs}.
 */
export interface RecordStamp {
  readonly version: Version
  readonly kind: RecordKind
  /** When the value dies; null for never. Always null for a tombstone, which is dead from the start. */
  readonly expiresAtMs: number | null
  /**
   * Until when the record must be kept, dead or not, because an older version may still live somewhere; {@link foreverMs}
   * for no end. At a replica it only ever grows. It is no part of the record's identity.
   */
  readonly retainUntilMs: number
}

export type RecordKind = 'value' | 'tombstone'

/** A record without its payload: what scans and version reads give. */
export interface RecordHead extends RecordStamp {
  readonly key: string
}

export interface VersionedRecord extends RecordHead {
  /** Well-formed Unicode without NUL; empty for a tombstone. Made and read by `payload.ts`. */
  readonly payload: string
}

/** A stored text that is no record of this key: it fails to parse, or its checksum does. A failed answer, never absence. */
export interface CorruptRecord {
  readonly kind: 'corrupt'
  readonly key: string
  readonly reason: string
  /**
   * Where a head can still be read, but belongs to no record: {@link identityLength} characters that tell what is stored
   * from anything else that may be stored there later. A put that names them replaces exactly this.
   */
  readonly storedIdentity?: string
  /** Set by the coordinator: it claims to be so recent that a write still under way may count on this copy. */
  readonly mayBeUnderWay?: boolean
}

/** A head as a replica holds it. */
export interface StoredHead extends RecordHead {
  /** As it is stored, from {@link checksum}: what digests add up. */
  readonly checksum: string
}

/** What a scan gives for a record. The checksum is empty for an unreadable head. */
export interface ScanEntry extends StoredHead {
  /**
   * The head cannot be read: only the key is known, and the other fields are those of {@link unreadableHead}. What the
   * key holds has to be asked of all replicas.
   */
  readonly isUnreadable?: boolean
}

export const foreverMs: number = timeMaxMs

/** Stands for a head that cannot be read: older than any, as such a record counts, and alive, so that nobody passes it by. */
export function unreadableHead(key: string): ScanEntry {
  const version = '0'.repeat(versionLength)
  const stamp = { version, kind: 'value', expiresAtMs: null, retainUntilMs: foreverMs } as const
  return { key, ...stamp, checksum: '', isUnreadable: true }
}

/** The head to give in a scan, readable or not. */
export function scanEntry(answer: RecordHead | CorruptRecord, storedChecksum: string): ScanEntry {
  return isCorrupt(answer) ? unreadableHead(answer.key) : { ...answer, checksum: storedChecksum }
}

/** The head of a record that is held whole. */
export function storedHeadOf(record: VersionedRecord): StoredHead {
  const { key, version, kind, expiresAtMs, retainUntilMs } = record
  return { key, version, kind, expiresAtMs, retainUntilMs, checksum: checksum(record) }
}

/** Whether a record reads as absent: a tombstone, or a value whose time has come. */
export function isDead(stamp: RecordStamp, nowMs: number): boolean {
  return stamp.kind === 'tombstone' || (stamp.expiresAtMs !== null && stamp.expiresAtMs <= nowMs)
}

/** @param expiresAtMs null, or anything from {@link foreverMs} on, for never */
export function newValue(key: string, version: Version, payload: string, expiresAtMs: number | null): VersionedRecord {
  const endsAtMs = expiresAtMs === null || expiresAtMs >= foreverMs ? null : Math.ceil(expiresAtMs)
  return { key, version, kind: 'value', expiresAtMs: endsAtMs, retainUntilMs: endsAtMs ?? foreverMs, payload }
}

/** @param atMs the tombstone's own time, where its retention starts */
export function newTombstone(key: string, version: Version, atMs: number): VersionedRecord {
  return {
    key,
    version,
    kind: 'tombstone',
    expiresAtMs: null,
    retainUntilMs: Math.min(Math.ceil(atMs), foreverMs),
    payload: '',
  }
}

/**
 * The text form, for backends that hold one text a key: a head of fixed width, then the payload.
 *
 * | offset | width | field |
 * |---|---|---|
 * | 0 | 1 | format mark, `1` |
 * | 1 | 28 | version |
 * | 29 | 1 | kind: `0` value, `1` tombstone; with the version before it, text order is record order |
 * | 30 | 12 | expiresAtMs in hex, `ffffffffffff` for never |
 * | 42 | 12 | retainUntilMs in hex |
 * | 54 | 1 | `#` |
 * | 55 | 10 | hash of the key, as {@link digitsOf} writes it |
 * | 65 | 10 | checksum, written the same way |
 * | 75 | - | payload |
 *
 * Hash and checksum are there for digests, which a backend computes from slices of the head alone: the first digits of
 * the hash, with the `#`, name the bucket as Redis' `BITFIELD` wants it.
 */
export const layout = {
  formatMark: '1',
  orderOffset: 1,
  orderLength: versionLength + 1,
  expiryOffset: 30,
  retentionOffset: 42,
  timeLength: 12,
  /** Mark, version, kind and times: all that {@link decodeStamp} needs. */
  stampLength: 54,
  bucketOffset: 54,
  hashOffset: 55,
  checksumOffset: 65,
  digitsLength: 10,
  headLength: 75,
} as const

const stampPattern = /^1[0-9a-f]{28}[01][0-9a-f]{24}$/
const digestPattern = /^#[1-5][0-9]{9}[1-5][0-9]{9}$/

export function encodeRecord(record: VersionedRecord): string {
  return newHead(record) + record.payload
}

export function encodeHead(record: VersionedRecord): string {
  return newHead(record)
}

function newHead(record: VersionedRecord): string {
  return (
    layout.formatMark +
    record.version +
    kindDigit(record) +
    timeText(record.expiresAtMs ?? foreverMs) +
    timeText(record.retainUntilMs) +
    '#' +
    digitsOf(keyHash(record.key)) +
    checksum(record)
  )
}

/** Reads the start of a head, or of a whole stored text; null when it is none. */
export function decodeStamp(text: string): RecordStamp | null {
  const head = text.length === layout.stampLength ? text : text.slice(0, layout.stampLength)
  if (!stampPattern.test(head)) return null
  const kind = head[29] === '1' ? 'tombstone' : 'value'
  const expiresAtMs = Number.parseInt(head.slice(layout.expiryOffset, layout.expiryOffset + layout.timeLength), 16)
  return {
    version: head.slice(layout.orderOffset, layout.orderOffset + versionLength),
    kind,
    expiresAtMs: expiresAtMs === foreverMs ? null : expiresAtMs,
    retainUntilMs: Number.parseInt(head.slice(layout.retentionOffset, layout.retentionOffset + layout.timeLength), 16),
  }
}

/** Reads a whole head; the checksum is not looked at, because that needs the payload. */
export function decodeHead(key: string, text: string): StoredHead | CorruptRecord {
  const stamp = isHead(text) ? decodeStamp(text) : null
  return stamp === null
    ? corrupt(key, 'not a record')
    : { key, ...stamp, checksum: text.slice(layout.checksumOffset, layout.headLength) }
}

export function decodeRecord(key: string, text: string): VersionedRecord | CorruptRecord {
  const stamp = isHead(text) ? decodeStamp(text) : null
  if (stamp === null) return corrupt(key, 'not a record')
  const record = { key, ...stamp, payload: text.slice(layout.headLength) }
  const read = verified(record, text.slice(layout.checksumOffset, layout.headLength))
  if (isCorrupt(read) || text.startsWith(digitsOf(keyHash(key)), layout.hashOffset)) return read
  return { ...corrupt(key, 'the hash is not that of the key'), storedIdentity: identityOf(record, checksum(record)) }
}

function isHead(text: string): boolean {
  return digestPattern.test(text.slice(layout.stampLength, layout.headLength))
}

/** A record read field by field, as the SQL adapters do, held against the checksum stored beside it. */
export function verified(record: VersionedRecord, storedChecksum: string): VersionedRecord | CorruptRecord {
  if (!isVersion(record.version)) return corrupt(record.key, 'the version is not one')
  if (checksum(record) === storedChecksum) return record
  return { ...corrupt(record.key, 'the checksum does not match'), storedIdentity: identityOf(record, storedChecksum) }
}

function identityOf(stamp: RecordStamp, storedChecksum: string): string {
  return stamp.version + kindDigit(stamp) + storedChecksum
}

/** The length of a `storedIdentity`: version, the digit of the kind, checksum. The retention is left out, as it grows. */
export const identityLength: number = layout.orderLength + layout.digitsLength

/**
 * CRC-32 over key, version, kind, expiry and payload, as {@link digitsOf} writes it. `retainUntilMs` is left out: replicas
 * raise it in place.
 */
export function checksum(record: VersionedRecord): string {
  const identity = `${record.version}${kindDigit(record)}${record.expiresAtMs ?? 'never'} ${record.key}\0`
  return digitsOf(crc32(identity + record.payload))
}

export function isCorrupt(answer: VersionedRecord | RecordHead | CorruptRecord | null): answer is CorruptRecord {
  return answer !== null && answer.kind === 'corrupt'
}

function kindDigit({ kind }: RecordStamp): '0' | '1' {
  return kind === 'tombstone' ? '1' : '0'
}

function corrupt(key: string, reason: string): CorruptRecord {
  return { kind: 'corrupt', key, reason }
}

/** The same record, kept at least as long. */
export function withRetention<Head extends RecordHead>(record: Head, retainUntilMs: number): Head {
  return retainUntilMs > record.retainUntilMs ? { ...record, retainUntilMs } : record
}
