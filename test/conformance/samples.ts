import { keyText, namespacePrefix } from '../../src/core/key.ts'
import { newTombstone, newValue, type RecordHead, type VersionedRecord } from '../../src/core/record.ts'
import { timeText, type Version } from '../../src/core/version.ts'
import type { Entry } from '../../src/replica.ts'

const noNamespace = namespacePrefix(undefined)

/** The text under which replicas see a user's key. */
export function userKey(key: string): string {
  return keyText(noNamespace, key)
}

/** Versions that sort as `step`, then as `writer`. */
export function versionAt(step: number, writer = 1): Version {
  return `${timeText(step)}0000${writer.toString(16).padStart(12, '0')}`
}

export function valueAt(step: number, key: string, payload = `payload ${step}`): VersionedRecord {
  return newValue(key, versionAt(step), payload, null)
}

/** A tombstone whose own time is now, as a delete makes it. */
export function tombstoneAt(step: number, key: string): VersionedRecord {
  return newTombstone(key, versionAt(step), Date.now())
}

export function putsOf(...records: readonly VersionedRecord[]): Entry[] {
  return records.map((record) => ({ record }))
}

export function headOf({ key, version, kind, expiresAtMs, retainUntilMs }: RecordHead): RecordHead {
  return { key, version, kind, expiresAtMs, retainUntilMs }
}

export function numberedKeys(count: number, prefix = 'key'): string[] {
  return Array.from({ length: count }, (_, index) => userKey(`${prefix} ${index}`))
}
