import { createHash } from 'node:crypto'
import type { RecordHead } from '../core/record.ts'
import { timeText, type Version, versionLength, versionTimeMs } from '../core/version.ts'

/**
 * Versions of imported records: the first millisecond of 1970, so that every real write is newer; a generation, 4 hex
 * digits; and 12 of a hash of the content. The same content has the same version, however often it is imported, and two
 * imports at once agree on which of two contents wins.
 *
 * The generation is there for a repeated import that finds another content for a key: what was changed in the old store
 * since takes the next generation, whatever its hash.
 */
const importedMs = 1
const generationMax = 0xffff
const generationDigits = 4
const hashDigits = 12
const generationOffset = versionLength - generationDigits - hashDigits

export interface ImportedContent {
  readonly payload: string
  readonly expiresAtMs: number | null
}

/**
 * The version to import a content with, where this is the newest record of its key so far.
 * @returns null when that record is not to be replaced: somebody wrote or deleted the key here
 */
export function importedVersion(content: ImportedContent, newest: RecordHead | null): Version | null {
  const hash = hashOf(content)
  if (newest === null) return versionOf(0, hash)
  // A tombstone may also be that of `clear()`, which takes a version right above the one that it found.
  if (newest.kind === 'tombstone' || versionTimeMs(newest.version) !== importedMs) return null
  if (newest.version.endsWith(hash)) return newest.version
  const generation = Number.parseInt(newest.version.slice(generationOffset, generationOffset + generationDigits), 16)
  return generation < generationMax ? versionOf(generation + 1, hash) : null
}

function versionOf(generation: number, hash: string): Version {
  return timeText(importedMs) + generation.toString(16).padStart(generationDigits, '0') + hash
}

function hashOf({ payload, expiresAtMs }: ImportedContent): string {
  const hash = createHash('sha256')
    .update(`${expiresAtMs ?? 'never'} `)
    .update(payload)
  return hash.digest('hex').slice(0, hashDigits)
}
