import { keyHash } from '../../src/core/hash.ts'
import type { RecordHead } from '../../src/core/record.ts'
import { plainArray, textArray } from './postgres-arrays.ts'
import type { RunStatement } from './run-statement.ts'
import { byStoredKey, storedKey } from './stored-key.ts'

export async function purgeMany(run: RunStatement, heads: readonly RecordHead[]): Promise<readonly boolean[]> {
  const purged = new Array<boolean>(heads.length).fill(false)
  const places = heads.map(({ key, version }, place) => ({
    place,
    hash: keyHash(key),
    storedKey: storedKey(key),
    version,
  }))
  places.sort(byStoredKey)
  const rows = await run('purge', [
    plainArray(places.map(({ hash }) => hash)),
    textArray(places.map((named) => named.storedKey)),
    plainArray(places.map(({ version }) => version)),
  ])
  for (const [number] of rows) {
    const named = places[Number(number) - 1]
    if (named !== undefined) purged[named.place] = true
  }
  return purged
}
