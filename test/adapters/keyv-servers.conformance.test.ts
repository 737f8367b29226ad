import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import KeyvRedis from '@keyv/redis'
import KeyvSqlite from '@keyv/sqlite'
import * as vitest from 'vitest'
import { keyvReplica } from '../../adapters/keyv/keyv-replica.ts'
import type { KeyvStoreLike } from '../../adapters/keyv/keyv-source.ts'
import { storedKey } from '../../adapters/keyv/stored-text.ts'
import { replicaConformance } from '../conformance/replica-conformance.ts'
import { startRedis } from '../servers/redis.ts'
import { redisCommand } from '../servers/redis-command.ts'
import { serverControl } from './server-control.ts'

const keyv5 = createRequire(new URL('../keyv5/package.json', import.meta.url))
const { default: KeyvRedis5 } = (await import(keyv5.resolve('@keyv/redis'))) as { default: typeof KeyvRedis }

const redis = await startRedis({ controllable: true })
vitest.afterAll(() => redis[Symbol.asyncDispose]())

const flush = async () => {
  await redisCommand(redis.url, 'FLUSHALL')
}

const redisStores: readonly (readonly [name: string, keyStart: string, open: () => KeyvStoreLike])[] = [
  ['@keyv/redis of Keyv 6', '', () => new KeyvRedis(redis.url)],
  ['@keyv/redis of Keyv 6 with a namespace', 'ns::ns:', () => new KeyvRedis(redis.url, { namespace: 'ns' })],
  ['@keyv/redis of Keyv 5', '', () => new KeyvRedis5(redis.url)],
]

for (const [name, keyStart, open] of redisStores) {
  const alter = async (key: string, change: (text: string) => string) => {
    const storeKey = keyStart + storedKey(key)
    const text = await redisCommand(redis.url, 'GET', storeKey)
    await redisCommand(redis.url, 'SET', storeKey, change(String(text)))
  }
  replicaConformance(vitest, {
    name,
    guarantees: { putIfNewer: 'racy', sharedBy: 'network', backend: 'keyv' },
    open: () => keyvReplica(open(), { id: 'keyv' }),
    wipe: flush,
    loseData: flush,
    corruptPayload: (key) => alter(key, (text) => `${text}x`),
    corruptHead: (key) => alter(key, (text) => text.slice(0, 9)),
    // The faults of the server are the same with a namespace, and take their time.
    ...(keyStart === '' ? { server: serverControl(redis, false) } : {}),
  })
}

const folder = mkdtempSync(join(tmpdir(), 'keyv-quorum-keyv-sqlite-'))
vitest.afterAll(() => rmSync(folder, { recursive: true }))
const file = join(folder, 'store.db')

replicaConformance(vitest, {
  name: '@keyv/sqlite of Keyv 6',
  guarantees: { putIfNewer: 'racy', sharedBy: 'host', backend: 'keyv' },
  open: () => {
    const store = new KeyvSqlite({ uri: `sqlite://${file}`, driver: 'node:sqlite', busyTimeout: 10_000, wal: true })
    return keyvReplica(store, { id: 'keyv', sharedBy: 'host' })
  },
  wipe: async () => changeFile('DELETE FROM keyv'),
  loseData: async () => changeFile('DELETE FROM keyv'),
  corruptPayload: async (key) => changeFile("UPDATE keyv SET value = value || 'x' WHERE key = ?", storedKey(key)),
  corruptHead: async (key) => changeFile('UPDATE keyv SET value = substr(value, 1, 9) WHERE key = ?', storedKey(key)),
})

function changeFile(statement: string, ...parameters: string[]): void {
  using database = new DatabaseSync(file, { timeout: 10_000 })
  database.exec("CREATE TABLE IF NOT EXISTS keyv (key, value, namespace DEFAULT '', expires, UNIQUE(key, namespace))")
  database.prepare(statement).run(...parameters)
}
