import fc from 'fast-check'
import { foreverMs, isDead, type VersionedRecord } from '../../../src/core/record.ts'
import { compareRecords } from '../../../src/core/resolve.ts'
import { nowMs, tombstone, value } from './sweep-scene.ts'

/** By replica, what it holds: any number of keys, each in any of its versions. */
export type Contents = readonly (readonly VersionedRecord[])[]

const keys = Array.from({ length: 12 }, (_, index) => `key ${index}`)

/** Versions are unique, so the version of a key says all about its record; only the retention may differ by replica. */
function recordOf(key: string, atMs: number, retainedMs: number): VersionedRecord {
  if (atMs % 3 === 0) return tombstone(key, atMs, retainedMs)
  if (atMs % 3 === 1) return value(key, atMs)
  const expiresAtMs = atMs % 2 === 0 ? nowMs / 2 : nowMs * 2
  return { ...value(key, atMs, expiresAtMs), retainUntilMs: Math.max(expiresAtMs, retainedMs) }
}

const anyRecord = fc
  .record({
    atMs: fc.integer({ min: 100, max: 112 }),
    retainedMs: fc.constantFrom(200, nowMs - 1, nowMs + 50_000, foreverMs),
  })
  .map(
    ({ atMs, retainedMs }) =>
      (key: string) =>
        recordOf(key, atMs, retainedMs),
  )

const replicaContents: fc.Arbitrary<readonly VersionedRecord[]> = fc
  .array(fc.option(anyRecord), { minLength: keys.length, maxLength: keys.length })
  .map((made) => made.flatMap((make, index) => make?.(keys[index] ?? '') ?? []))

export const anyContents: fc.Arbitrary<Contents> = fc.array(replicaContents, { minLength: 2, maxLength: 4 })

/** What each replica holds after a sweep, worked out the dumb way: key by key, everything in memory. */
export function mergedContents(contents: Contents): VersionedRecord[][] {
  return contents.map((own) =>
    keys.flatMap((key) => {
      const copies = contents.flatMap((records) => records.filter((record) => record.key === key))
      const newest = copies.toSorted((a, b) => compareRecords(b, a))[0]
      if (newest === undefined) return []
      const spread = { ...newest, retainUntilMs: Math.max(...copies.map((copy) => copy.retainUntilMs)) }
      const kept = keptOf(
        own.find((record) => record.key === key),
        spread,
      )
      return kept === null || (isDead(kept, nowMs) && kept.retainUntilMs <= nowMs) ? [] : [kept]
    }),
  )
}

function keptOf(held: VersionedRecord | undefined, spread: VersionedRecord): VersionedRecord | null {
  if (held === undefined) return spread.retainUntilMs > nowMs ? spread : null
  if (held.version === spread.version) return held
  return { ...spread, retainUntilMs: Math.max(spread.retainUntilMs, held.retainUntilMs) }
}
