import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type Keyv from 'keyv'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { uriSource } from '../../cli/sources/uri-source.ts'
import { ImportError } from '../../src/import/import-error.ts'
import { importFrom } from '../../src/import/import-from.ts'
import type { ImportableStore } from '../../src/import/keyv-source.ts'
import { startPostgres } from '../servers/postgres.ts'
import { startRedis } from '../servers/redis.ts'
import { newKeyv, officialStores } from './official-stores.ts'
import { type OpenTarget, openTarget } from './target.ts'

const hourMs = 3_600_000
const folder = mkdtempSync(join(tmpdir(), 'keyv-quorum-import-'))
const [redis, postgres] = await Promise.all([startRedis(), startPostgres()])
afterAll(async () => {
  await Promise.all([redis.stop(), postgres.stop()])
  rmSync(folder, { recursive: true })
})

const uris = { redis: redis.url, postgres: postgres.url, sqlite: `sqlite://${join(folder, 'old.db')}` }
const values = {
  text: 'v',
  ':colon': ':colon',
  'a:b::c': { list: [1, ':two', null] },
  buffer: Buffer.from([0, 255]),
  '': 0,
}
let places = 0

describe.each(officialStores)('what was stored by $name', (official) => {
  let uri: string
  let table: string
  let store: object
  let target: OpenTarget

  beforeEach(() => {
    places += 1
    table = `keyv_${places}`
    uri = official.backend === 'redis' ? `${uris.redis}/${places % 16}` : uris[official.backend]
    store = official.open(uri, table)
    target = openTarget()
  })
  afterEach(async () => {
    await (store as { disconnect(): Promise<void> }).disconnect()
    await target.store.disconnect()
  })

  const namespaces = ['ns', 'odd_%*[x]:', undefined]

  describe.each(namespaces)('in the namespace %s', (namespace) => {
    // Where there is no namespace, such a key at Redis may as well be one of a namespace.
    const isAmbiguous = (key: string) => official.backend === 'redis' && namespace === undefined && key.includes('::')
    const stored = Object.fromEntries(Object.entries(values).filter(([key]) => !isAmbiguous(key)))
    let before: Keyv
    let after: Keyv
    beforeEach(async () => {
      before = newKeyv(official, store, namespace)
      await before.clear()
      after = newKeyv(official, target.store.withNamespace(undefined), namespace)
      for (const [key, value] of Object.entries(stored)) await before.set(key, value)
      await before.set('lives on', 'x', hourMs)
      await before.set('dies', 'x', 1)
      // Namespaces that a careless pattern would take for this one.
      for (const other of namespace === undefined ? [] : ['NS', 'nsx', 'odd1x:', 'n']) {
        await newKeyv(official, store, other).set('foreign', other)
      }
      newKeyv(official, store, namespace)
      await expect.poll(() => before.get('dies')).toBeUndefined()
    })

    const expectTheSame = async () => {
      const keys = [...Object.keys(stored), 'lives on', 'dies', 'foreign']
      expect(await Promise.all(keys.map((key) => after.getRaw(key)))).toEqual(
        await Promise.all(keys.map((key) => before.getRaw(key))),
      )
      const prefixes = official.series === 5 && namespace ? `${namespace}:` : ''
      const { winner } = await target.withNamespace(namespace).explain(`${prefixes}lives on`)
      expect(winner?.expiresAtMs).toBe(((await before.getRaw('lives on')) as { expires?: number } | undefined)?.expires)
    }

    test('comes along from its URI, and nothing else', async () => {
      const source = uriSource(uri, { namespace, table, schema: 'public' })
      const report = await importFrom(source, target, namespace === undefined ? {} : { namespace })
      source.close()
      await expectTheSame()
      expect(report.imported).toBeGreaterThanOrEqual(4)
      if (namespace !== undefined) expect(report.imported).toBeLessThanOrEqual(6)
      // The Keyv of the old store goes on as before.
      await before.set('again', 1)
      expect(await before.get('again')).toBe(1)
    })

    test('comes along from the Keyv and from the adapter', async () => {
      const isPattern = official.backend === 'redis' && namespace?.includes('*') === true
      for (const given of [before, store] as unknown as ImportableStore[]) {
        const imported = importFrom(given, target, namespace === undefined ? {} : { namespace })
        if (isPattern) await expect(imported).rejects.toMatchObject({ code: 'CONFIG_INVALID', field: 'namespace' })
        else expect((await imported).imported).toBeGreaterThanOrEqual(4)
      }
      if (!isPattern) await expectTheSame()
    })
  })
})

test('an official iterator that emits an error and ends makes the import fail', async () => {
  const official = officialStores.find(({ name }) => name === '@keyv/postgres 6')
  const store = official?.open(uris.postgres, 'broken') as {
    query(sql: string): Promise<unknown>
    disconnect(): Promise<void>
  }
  const target = openTarget()
  try {
    await store.query('DROP TABLE broken')
    await expect(importFrom(store as never, target)).rejects.toBeInstanceOf(ImportError)
  } finally {
    await store.disconnect()
    await target.store.disconnect()
  }
})
