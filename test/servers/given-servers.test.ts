import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createGivenDatabase } from './given-postgres.ts'
import { claimGivenRedis } from './given-redis.ts'
import { startPostgres } from './postgres.ts'
import { postgresCommand } from './postgres-command.ts'
import { startRedis } from './redis.ts'
import { redisCommand } from './redis-command.ts'
import type { ServerSource } from './server-source.ts'
import type { TestServer } from './test-server.ts'

const given = (server: TestServer): ServerSource[] => [{ kind: 'url', urls: [server.url] }]

async function claimRedis(server: TestServer): Promise<TestServer> {
  const claimed = await claimGivenRedis(given(server))
  if (claimed === null) throw new Error('no database was free')
  return claimed
}

async function createDatabase(server: TestServer): Promise<TestServer> {
  const created = await createGivenDatabase(given(server))
  if (created === null) throw new Error('no URL was given')
  return created
}

describe('a Redis server that was given by URL', () => {
  let owner: TestServer
  beforeAll(async () => {
    owner = await startRedis({ controllable: true })
  })
  afterAll(() => owner[Symbol.asyncDispose]())

  test('lends every test an empty database of its own, and never one that holds data', async () => {
    await redisCommand(`${owner.url}/1`, 'SET', 'foreign', 'kept')
    await using first = await claimRedis(owner)
    await redisCommand(first.url, 'SET', 'key', 'value')
    await using second = await claimRedis(owner)
    expect(await redisCommand(second.url, 'DBSIZE')).toBe(0)
    expect(await redisCommand(first.url, 'DBSIZE')).toBe(1)
    expect(await redisCommand(`${owner.url}/1`, 'GET', 'foreign')).toBe('kept')
  })

  test('gets its database back empty', async () => {
    const claimed = await claimRedis(owner)
    await redisCommand(claimed.url, 'SET', 'key', 'value')
    await claimed.stop()
    expect(await redisCommand(claimed.url, 'DBSIZE')).toBe(0)
    await using again = await claimRedis(owner)
    expect(again.url).toBe(claimed.url)
  })

  test('lends nothing when every database is taken', async () => {
    const claims: TestServer[] = []
    for (let claim = await claimGivenRedis(given(owner)); claim !== null; claim = await claimGivenRedis(given(owner))) {
      claims.push(claim)
    }
    expect(claims.length).toBeGreaterThan(1)
    await Promise.all(claims.map((claim) => claim.stop()))
  })

  test('refuses to be broken', async () => {
    await using claimed = await claimRedis(owner)
    expect(claimed.controllable).toBe(false)
    expect(() => claimed.freeze()).toThrow('given by URL')
    await expect(claimed.kill()).rejects.toThrow('given by URL')
    await expect(claimed.restartEmpty()).rejects.toThrow('given by URL')
    expect(await redisCommand(owner.url, 'PING')).toBe('PONG')
  })
})

describe('a PostgreSQL server that was given by URL', () => {
  test('lends every test a database of its own, and drops it', async () => {
    await using owner = await startPostgres({ controllable: true })
    const first = await createDatabase(owner)
    await postgresCommand(first.url, 'CREATE TABLE taken (id int)')
    const second = await createDatabase(owner)
    await postgresCommand(second.url, 'CREATE TABLE taken (id int)')
    await first.stop()
    await second.stop()
    expect(await postgresCommand(owner.url, "SELECT 1 FROM pg_database WHERE datname LIKE 'keyv_quorum_test_%'")).toBe(
      0,
    )
  })
})
