import { hash } from 'node:crypto'

/**
 * How keys are held in a column of the primary key, whose entries are limited to some 2,700 bytes: a key as it is, or,
 * where it is too long for that, a mark and its SHA-256 with the key itself in a column beside it. Keys that begin with
 * the mark are held by their SHA-256 too, so no key can pass for the digest of another.
 */
export const digestMark = '\u0001'

/** Far below the limit, so that a page of the index holds many entries. */
const plainBytesMax = 512
const utf8BytesPerUnitMax = 3

export function storedKey(key: string): string {
  return isStoredPlain(key) ? key : digestMark + hash('sha256', key)
}

export function isStoredPlain(key: string): boolean {
  if (key.startsWith(digestMark)) return false
  if (key.length * utf8BytesPerUnitMax <= plainBytesMax) return true
  return key.length <= plainBytesMax && Buffer.byteLength(key) <= plainBytesMax
}

/** The order in which every writer locks rows, so that no two wait for each other. */
export function byStoredKey(a: StoredAt, b: StoredAt): number {
  return a.hash - b.hash || (a.storedKey < b.storedKey ? -1 : 1)
}

interface StoredAt {
  readonly hash: number
  readonly storedKey: string
}
