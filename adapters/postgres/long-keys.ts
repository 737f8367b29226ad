import { ReplicaError } from '../../src/errors.ts'
import { plainArray, textArray } from './postgres-arrays.ts'
import type { RunStatement } from './run-statement.ts'
import { digestMark, storedKey as storedKeyOf } from './stored-key.ts'

/** As it comes in a row: the hash of the key, and the key as it is held. */
export interface StoredKeyAt {
  readonly hash: string
  readonly storedKey: string
}

/**
 * The keys themselves, by the keys as they are held. One that was purged meanwhile is missing.
 *
 * @throws ReplicaError `CORRUPT` when one cannot be told any more
 */
export async function readKeys(
  replica: string,
  run: RunStatement,
  held: readonly StoredKeyAt[],
): Promise<ReadonlyMap<string, string>> {
  const keys = new Map(held.map(({ storedKey }) => [storedKey, storedKey]))
  const digested = held.filter(({ storedKey }) => storedKey.startsWith(digestMark))
  if (digested.length === 0) return keys
  for (const { storedKey } of digested) keys.delete(storedKey)
  const hashes = plainArray(digested.map(({ hash }) => hash))
  const storedKeys = textArray(digested.map(({ storedKey }) => storedKey))
  for (const [place, longKey] of await run('readLongKeys', [hashes, storedKeys])) {
    const storedKey = digested[Number(place) - 1]?.storedKey
    if (storedKey === undefined) continue
    if (typeof longKey !== 'string' || storedKeyOf(longKey) !== storedKey) {
      throw new ReplicaError('CORRUPT', 'the key of a record cannot be read', { replica })
    }
    keys.set(storedKey, longKey)
  }
  return keys
}
