import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import KeyvPostgres from '@keyv/postgres'
import KeyvRedis from '@keyv/redis'
import KeyvSqlite from '@keyv/sqlite'
import { createClient } from '@redis/client'
import Keyv from 'keyv'
import pg from 'pg'
import { afterAll, describe, expect, test } from 'vitest'
import { memoryReplica } from '../../adapters/memory/memory-replica.ts'
import { openReplica, type ReplicaSource } from '../../adapters/open.ts'
import { postgresReplica } from '../../adapters/postgres/postgres-replica.ts'
import { redisReplica } from '../../adapters/redis/redis-replica.ts'
import { sqliteReplica } from '../../adapters/sqlite/sqlite-replica.ts'
import type { Replica } from '../../src/replica.ts'
import { configErrorOf } from './facts.ts'

const folder = mkdtempSync(join(tmpdir(), 'keyv-quorum-open-'))
afterAll(() => rmSync(folder, { recursive: true }))

const path = join(folder, 'cache.db')
const atomic = { putIfNewer: 'atomic' } as const
const network = { ...atomic, sharedBy: 'network' } as const
const redis = { ...network, backend: 'redis' } as const
const postgres = { ...network, backend: 'postgres' } as const
const sqlite = { ...atomic, sharedBy: 'host', backend: 'sqlite' } as const
const memory = { ...atomic, sharedBy: 'process', backend: 'memory' } as const
const map = { putIfNewer: 'racy', sharedBy: 'process', backend: 'keyv' } as const

type Guarantees = Replica['guarantees']

describe('what a replica can be opened from', () => {
  test.each<[string, () => ReplicaSource, string, Guarantees]>([
    ['a Redis URI', () => 'redis://u:s3cret@a:1/2', 'redis://a:1/2', redis],
    ['a Redis URI over TLS', () => 'rediss://a', 'rediss://a:6379/0', redis],
    ['a PostgreSQL URI', () => 'postgresql://u:s3cret@b/app', 'postgres://b:5432/app', postgres],
    ['a SQLite URI', () => `sqlite://${path}`, `sqlite:${path}`, sqlite],
    ['a memory URI', () => 'memory://', 'memory:3', memory],
    ['a memory URI with a name', () => 'memory://left', 'memory:left', memory],
    ['settings of Redis', () => ({ use: 'redis', url: 'redis://a', keyPrefix: 'x:' }), 'redis://a:6379/0', redis],
    ['settings with an id', () => ({ use: 'redis', url: 'redis://a', id: 'left' }), 'left', redis],
    [
      'settings with a password of any characters',
      () => ({ use: 'redis', url: 'rediss://a:1', username: 'u', password: 's3/?#@:cret' }),
      'rediss://a:1/0',
      redis,
    ],
    [
      'settings of PostgreSQL',
      () => ({ use: 'postgres', url: 'postgres://b/app', password: 's3cret', table: 't', connectionsMax: 2 }),
      'postgres://b:5432/app?table=t',
      postgres,
    ],
    ['settings of SQLite', () => ({ use: 'sqlite', path }), `sqlite:${path}`, sqlite],
    ['settings of SQLite with a table', () => ({ use: 'sqlite', path, table: 't' }), `sqlite:${path}#t`, sqlite],
    ['settings of memory', () => ({ use: 'memory' }), 'memory:3', memory],
    [
      'settings of Redis without a log of changes',
      () => ({ use: 'redis', url: 'redis://a', changesMax: 0 }),
      'redis://a:6379/0',
      redis,
    ],
    [
      'settings of PostgreSQL without a log of changes',
      () => ({ use: 'postgres', url: 'postgres://b/app', changesMax: 0 }),
      'postgres://b:5432/app',
      postgres,
    ],
    [
      'settings of SQLite without a log of changes',
      () => ({ use: 'sqlite', path, changesMax: 0 }),
      `sqlite:${path}`,
      sqlite,
    ],
    [
      'settings of memory with a short log of changes',
      () => ({ use: 'memory', changesKeysMax: 1 }),
      'memory:3',
      memory,
    ],
    ['settings of a Keyv store', () => ({ use: 'keyv', store: new Map(), id: 'm' }), 'm', map],
    ['a KeyvRedis', () => new KeyvRedis('redis://u:s3cret@a:1'), 'redis://a:1/0', redis],
    ['a KeyvPostgres', () => new KeyvPostgres('postgres://u:s3cret@b/app'), 'postgres://b:5432/app', postgres],
    ['a KeyvSqlite', () => new KeyvSqlite(`sqlite://${path}`), `sqlite:${path}`, sqlite],
    ['a Redis client', () => createClient({ url: 'redis://a:1/2' }), 'redis://a:1/2', redis],
    ['options of a Redis client', () => ({ url: 'redis://a:1/2' }), 'redis://a:1/2', redis],
    ['a PostgreSQL pool', () => new pg.Pool({ host: 'b', database: 'app' }), 'postgres://b:5432/app', postgres],
    [
      'an open SQLite database',
      () => new DatabaseSync(':memory:'),
      'sqlite::memory:',
      { ...atomic, sharedBy: 'process', backend: 'sqlite' },
    ],
    ['any Keyv store', () => new Map<string, string>(), 'keyv:3', map],
    ['a ready replica', () => memoryReplica({ id: 'mine' }), 'mine', memory],
  ])('%s', async (_, source, id, guarantees) => {
    const replica = openReplica(source(), 'replicas[2]')

    expect(replica).toMatchObject({ id, guarantees })
    await replica.close()
  })
})

describe('a replica that is loaded late', () => {
  test.each<[string, () => Replica]>([
    ['redis://a:1/2', () => redisReplica('redis://a:1/2')],
    ['postgres://b/app', () => postgresReplica('postgres://b/app')],
    [`sqlite://${path}`, () => sqliteReplica(`sqlite://${path}`)],
  ])('%s states what it turns out to be', async (uri, open) => {
    const late = openReplica(uri, 'replicas[0]')
    const real = open()

    const { id, guarantees, limits } = real
    expect({ id: late.id, guarantees: late.guarantees, limits: late.limits }).toEqual({ id, guarantees, limits })
    await Promise.all([late.close(), real.close()])
  })
})

const known =
  'a URI with one of redis://, rediss://, redis+cluster://, rediss+cluster://, redis+sentinel://, rediss+sentinel://, ' +
  'postgres://, postgresql://, sqlite://, memory://'
const anything = "a URI, { use: … }, a Keyv adapter or other Keyv store, a driver's client, or a Replica, not "
const field = 'replicas[2]'
const url = 'redis://a'

describe('what no replica can be opened from', () => {
  test.each<[string, unknown, string, string]>([
    ['a scheme that nobody knows', 'mysql://u:s3cret@a/b', field, `${known}; mysql:// is none of them`],
    ['a slip in the scheme', 'rdis://u:s3cret@a', field, `${known}; did you mean redis://?`],
    ['capital letters', 'REDIS://u:s3cret@a', field, `${known}; did you mean redis://?`],
    ['a file without its scheme', './cache.db', field, `${known}; did you mean sqlite://./cache.db?`],
    ['memory of SQLite', ':memory:', field, `${known}; did you mean sqlite://:memory:?`],
    ['a host and port of Redis', 'cache:6379', field, `${known}; did you mean redis://cache:6379?`],
    ['a host and port of PostgreSQL', 'db:5432', field, `${known}; did you mean postgres://db:5432?`],
    ['a host and another port', 'db:80', field, known],
    ['a text that may be a password', 's3cret', field, known],
    ['an empty text', '', field, known],
    ['SQLite without a path', 'sqlite://', field, 'a path after sqlite://, such as sqlite://./cache.db'],
    ['SQLite with a password', 'sqlite://u:s3cret@a/b', field, 'a name without user or password: it has neither'],
    ['memory with a password', 'memory://a?password=s3cret', field, 'a name without user or password: it has neither'],
    [
      'a Redis password that is not encoded',
      'redis://u:12?s3cret@a',
      field,
      'redis://user:password@host:port/database, with / ? # in the password written as %2F %3F %23',
    ],
    [
      'a PostgreSQL password that is not encoded',
      'postgres://u:12/s3cret@b',
      field,
      'postgres://user:password@host:port/database, with / ? # @ in the password written as %2F %3F %23 %40',
    ],
    ['a Redis host that is none', 'redis://a:b', field, 'redis:// with host:port'],
    ['a number', 42, field, `${anything}42`],
    ['null', null, field, `${anything}null`],
    ['a function', () => undefined, field, `${anything}a function`],
    ['an object of no known kind', { url: 's3cret' }, field, `${anything}an object`],
    ['a Keyv', new Keyv(), field, 'a Keyv store, not a Keyv instance: hand over its `store`'],
    ['an unknown use', { use: 'mysql' }, `${field}.use`, 'one of redis, postgres, sqlite, memory, keyv, not a string'],
    [
      'a slip in use',
      { use: 'sqlit' },
      `${field}.use`,
      'one of redis, postgres, sqlite, memory, keyv; did you mean sqlite?',
    ],
    ['Redis without url', { use: 'redis' }, `${field}.url`, 'a redis:// URI, not nothing'],
    ['Redis with a number', { use: 'redis', url: 6379 }, `${field}.url`, 'a redis:// URI, not 6379'],
    [
      'the URI of another backend',
      { use: 'postgres', url },
      `${field}.url`,
      'a URI with one of postgres://, postgresql://',
    ],
    [
      'a URI of no use',
      { use: 'postgres', url: 'postgres://a:b' },
      `${field}.url`,
      expect.stringContaining('postgres://user:'),
    ],
    [
      'a password twice',
      { use: 'redis', url: 'redis://u:s3cret@a', password: 's3cret' },
      `${field}.password`,
      'the credentials here or in url, not in both',
    ],
    [
      'an unknown setting',
      { use: 'redis', url, prefix: 'a' },
      `${field}.prefix`,
      expect.stringContaining('not prefix'),
    ],
    [
      'a slip in a setting',
      { use: 'sqlite', path, tabel: 'a' },
      `${field}.tabel`,
      'a known setting: did you mean table?',
    ],
    ['an empty id', { use: 'memory', id: '' }, `${field}.id`, 'a name of 1 to 200 characters on one line'],
    ['an id of two lines', 'memory://a\nb', `${field}.id`, 'a name of 1 to 200 characters on one line'],
    ['a table that is none', { use: 'sqlite', path, table: '1' }, `${field}.table`, expect.stringContaining('letters')],
    [
      'a schema that is none',
      { use: 'postgres', url: 'postgres://b', schema: '' },
      `${field}.schema`,
      'a name of 1 to 63 bytes',
    ],
    [
      'no connections',
      { use: 'postgres', url: 'postgres://b', connectionsMax: 0 },
      `${field}.connectionsMax`,
      'a whole number of connections, 1 or more, not 0',
    ],
    [
      'a time that is none',
      { use: 'redis', url, connectTimeoutMs: 0 },
      `${field}.connectTimeoutMs`,
      'a whole number of ms, 1 or more',
    ],
    [
      'a log of changes that is none',
      { use: 'redis', url, changesMax: -1 },
      `${field}.changesMax`,
      'a whole number of entries from 0 to 2147483647',
    ],
    [
      'half a log of changes',
      { use: 'postgres', url: 'postgres://b', changesMax: 0.5 },
      `${field}.changesMax`,
      'a whole number of batches, 0 or more, not 0.5',
    ],
    [
      'an endless log of changes',
      { use: 'sqlite', path, changesMax: Infinity },
      `${field}.changesMax`,
      'a whole number of batches, 0 or more, not Infinity',
    ],
    [
      'memory without a log of changes',
      { use: 'memory', changesKeysMax: 0 },
      `${field}.changesKeysMax`,
      'a whole number of keys, 1 or more, not 0',
    ],
    [
      'a path with its scheme',
      { use: 'sqlite', path: 'sqlite://a' },
      `${field}.path`,
      expect.stringContaining('without sqlite://'),
    ],
    [
      'an empty path',
      { use: 'sqlite', path: '' },
      `${field}.path`,
      'the path of a file, or :memory:, not an empty string',
    ],
    ['Keyv without a store', { use: 'keyv' }, `${field}.store`, 'a Keyv store, not nothing'],
    [
      'Keyv with something else',
      { use: 'keyv', store: {} },
      `${field}.store`,
      expect.stringContaining('a Keyv store, with'),
    ],
    ['half a replica', { putManyIfNewer() {} }, `${field}.getMany`, 'a method of the Replica port'],
    [
      'a replica without an id',
      { ...memoryReplica(), id: undefined },
      `${field}.id`,
      expect.stringContaining('a name of'),
    ],
    [
      'a replica without guarantees',
      { ...memoryReplica(), guarantees: undefined },
      `${field}.guarantees.putIfNewer`,
      "'atomic' or 'racy'",
    ],
    [
      'a replica without limits',
      { ...memoryReplica(), limits: {} },
      `${field}.limits.batchKeysMax`,
      'a whole number, 1 or more',
    ],
  ])('%s', (_, source, at, expected) => {
    const error = configErrorOf(() => openReplica(source as ReplicaSource, field))

    expect(error).toMatchObject({ field: at, expected })
    expect(error.message).not.toContain('s3cret')
  })
})
