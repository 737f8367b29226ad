import { inspect } from 'node:util'
import KeyvRedis from '@keyv/redis'
import { createClient, createCluster, createSentinel } from '@redis/client'
import { describe, expect, test } from 'vitest'
import { redisReplica } from '../../adapters/redis/redis-replica.ts'
import { describeRedisSource, redisTarget } from '../../adapters/redis/redis-source.ts'
import { ConfigError } from '../../src/errors.ts'
import { KeyvRedis5 } from './redis-support/keyv-series-5.ts'

const secret = 'hunter2'

describe('the id of a URI', () => {
  test.each([
    ['redis://localhost', 'redis://localhost:6379/0'],
    ['redis://', 'redis://localhost:6379/0'],
    ['redis://127.0.0.1:7000', 'redis://127.0.0.1:7000/0'],
    ['redis://127.0.0.1:7000/', 'redis://127.0.0.1:7000/0'],
    ['redis://127.0.0.1:7000/3?family=4', 'redis://127.0.0.1:7000/3'],
    ['redis://[::1]:7000/3', 'redis://[::1]:7000/3'],
    ['rediss://host/1', 'rediss://host:6379/1'],
    [`redis://:${secret}@host`, 'redis://host:6379/0'],
    [`redis://user:${secret}@host:1`, 'redis://host:1/0'],
    [`redis://user:p%40${secret}@x@host:1`, 'redis://host:1/0'],
    [`redis+cluster://user:${secret}@a:1,b`, 'redis+cluster://a:1,b:6379'],
    [`rediss+sentinel://user:${secret}@a,b:1/my%20master/2`, 'rediss+sentinel://a:26379,b:1/my master/2'],
  ])('%s is %s', (uri, id) => {
    expect(describeRedisSource(uri)).toEqual({ id })
    expect(redisReplica(uri).id).toBe(id)
  })

  test('an id that is given wins', () => {
    expect(redisReplica('redis://localhost', { id: 'cache-a' }).id).toBe('cache-a')
  })
})

test('user, password and database of a URI reach the server, decoded', () => {
  expect(redisTarget('rediss://us%3Aer:p%40%2F@host:1/3')).toEqual({
    kind: 'server',
    options: {
      username: 'us:er',
      password: 'p@/',
      database: 3,
      socket: { host: 'host', port: 1, tls: true },
    },
  })
})

test.each([
  `redis://user:${secret}@host:port`,
  `redis://user:${secret}@host:99999`,
  `redis://user:${secret}@a,b`,
  `redis://user:${secret}@host/db`,
  `redis://user:${secret}@host/1/2`,
  `redis://user:${secret}%ZZ@host`,
  `redis+sentinel://user:${secret}@a`,
  `redis+cluster://user:${secret}@a/1`,
])('a URI that cannot be read is refused without repeating it: %s', (uri) => {
  for (const read of [() => describeRedisSource(uri), () => redisReplica(uri)]) {
    const error = thrownBy(read)
    expect(error).toBeInstanceOf(ConfigError)
    expect(inspect(error)).not.toContain(secret)
  }
})

describe('what is not Redis', () => {
  test.each([
    'postgres://localhost/db',
    'http://redis://',
    '',
    7,
    null,
    undefined,
    {},
    [],
    new Map(),
    { url: 'postgres://localhost' },
    { client: {} },
    // ioredis has these, and connects in its own way.
    { options: { host: 'a' }, duplicate() {}, sendCommand() {}, status: 'ready' },
  ])('is told by null: %o', (source) => {
    expect(describeRedisSource(source)).toBeNull()
    expect(() => redisReplica(source as string)).toThrow(ConfigError)
  })
})

const url = `redis://user:${secret}@127.0.0.1:7001/2`
const cluster = { rootNodes: [{ url }, { socket: { host: 'b', port: 2 } }], defaults: { password: secret } }
const sentinel = {
  name: 'm',
  sentinelRootNodes: [
    { host: 'a', port: 1 },
    { host: 'b', port: 2 },
  ],
  nodeClientOptions: { password: secret, database: 4, socket: { tls: true } },
}

describe('what clients of the official driver are read as', () => {
  test.each([
    ['a client with a URL', createClient({ url }), 'redis://127.0.0.1:7001/2'],
    ['a client with defaults', createClient(), 'redis://localhost:6379/0'],
    ['a client over TLS', createClient({ database: 1, socket: { host: 'a', tls: true } }), 'rediss://a:6379/1'],
    [
      'a client over a socket file',
      createClient({ socket: { path: '/run/r.sock', tls: false } }),
      'redis+unix:///run/r.sock?db=0',
    ],
    ['a cluster', createCluster(cluster), 'redis+cluster://127.0.0.1:7001,b:2'],
    ['a sentinel', createSentinel(sentinel), 'rediss+sentinel://a:1,b:2/m/4'],
    ['the options of a client', { url }, 'redis://127.0.0.1:7001/2'],
    ['the options of a cluster', cluster, 'redis+cluster://127.0.0.1:7001,b:2'],
    ['the options of a sentinel', sentinel, 'rediss+sentinel://a:1,b:2/m/4'],
    ['KeyvRedis 6 with a URL', new KeyvRedis(url), 'redis://127.0.0.1:7001/2'],
    ['KeyvRedis 6 with nothing', new KeyvRedis(), 'redis://localhost:6379/0'],
    ['KeyvRedis 6 with a client', new KeyvRedis(connected(createClient({ url }))), 'redis://127.0.0.1:7001/2'],
    [
      'KeyvRedis 6 with a cluster',
      new KeyvRedis(connected(createCluster(cluster))),
      'redis+cluster://127.0.0.1:7001,b:2',
    ],
    ['KeyvRedis 6 with options of a sentinel', new KeyvRedis(sentinel), 'rediss+sentinel://a:1,b:2/m/4'],
    ['KeyvRedis 5 with a URL', new KeyvRedis5(url), 'redis://127.0.0.1:7001/2'],
    ['KeyvRedis 5 with options of a cluster', new KeyvRedis5(cluster), 'redis+cluster://127.0.0.1:7001,b:2'],
  ])('%s', (_name, source, id) => {
    expect(describeRedisSource(source)).toEqual({ id })
    expect(redisReplica(source).id).toBe(id)
  })

  test('a sentinel of series 5 keeps its options to itself, so nothing is read', () => {
    expect(describeRedisSource(new KeyvRedis5(sentinel))).toBeNull()
  })

  test.each([createClient({ url }), createCluster(cluster), createSentinel(sentinel)])(
    'logins are read too',
    (client) => {
      expect(JSON.stringify(redisTarget(client))).toContain(secret)
    },
  )

  test('reading the options connects to nothing and leaves the client as it was', () => {
    const client = createCluster(cluster)
    const madeBy = client.constructor
    redisTarget(client)
    expect(client.isOpen).toBe(false)
    expect(client.constructor).toBe(madeBy)
  })
})

describe('options', () => {
  test.each([
    { keyPrefix: '\ud800' },
    { expiryMarginMs: -1 },
    { expiryMarginMs: 1.5 },
    { connectTimeoutMs: 0 },
    { connectTimeoutMs: 2 ** 31 },
    { durability: 'never' as 'aof' },
  ])('%o is refused', (options) => {
    expect(() => redisReplica('redis://localhost', options)).toThrow(ConfigError)
  })
})

function thrownBy(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  return undefined
}

/** The types of KeyvRedis want the very type parameters of its own clients. */
function connected(client: object): ConstructorParameters<typeof KeyvRedis>[0] {
  return client as ConstructorParameters<typeof KeyvRedis>[0]
}
