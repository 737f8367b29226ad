/**
 * The hash that cuts the keys into ranges for scans and digests: 32 bits, spread evenly, the same in every adapter.
 * FNV-1a over UTF-16 code units, finished with the mixer of MurmurHash3 (Appleby), so that neighbouring keys part.
 */
export const hashSpace: number = 2 ** 32

/** Hashes from `from` up to, and not including, `to`; `to` is at most {@link hashSpace}. */
export interface HashRange {
  readonly from: number
  readonly to: number
}

export const wholeRange: HashRange = { from: 0, to: hashSpace }

export function keyHash(key: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < key.length; index += 1) {
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

export function inRange(hash: number, range: HashRange): boolean {
  return hash >= range.from && hash < range.to
}
