import { randomUUID } from 'node:crypto'
import { redisCommand } from './redis-command.ts'
import type { ServerSource } from './server-source.ts'
import type { TestServer } from './test-server.ts'
import { uncontrollableServer } from './uncontrollable-server.ts'

/** A claim that was never released, because its test was killed, ends by itself. */
const CLAIM_SECONDS = 1_800

/**
 * An empty logical database of a Redis server that was given by URL, for this caller alone; null when none is given or
 * every database is taken. Only the claims themselves are written outside of it, into the database that the URL names.
 */
export async function claimGivenRedis(sources: readonly ServerSource[]): Promise<TestServer | null> {
  for (const source of sources) {
    if (source.kind !== 'url') continue
    for (const url of source.urls) {
      const server = await claimDatabase(url)
      if (server !== null) return server
    }
  }
  return null
}

async function claimDatabase(url: string): Promise<TestServer | null> {
  const owner = randomUUID()
  for (let database = 1; database < (await databaseCount(url)); database += 1) {
    const claim = `keyv-quorum-test:database:${database}`
    if ((await redisCommand(url, 'SET', claim, owner, 'NX', 'EX', String(CLAIM_SECONDS))) !== 'OK') continue
    const claimed = new URL(url)
    claimed.pathname = `/${database}`
    // A database that is not empty belongs to somebody else: its claim stays until it runs out, so that nobody asks again.
    if ((await redisCommand(claimed.href, 'DBSIZE')) !== 0) continue
    return uncontrollableServer(claimed.href, 6379, async () => {
      await redisCommand(claimed.href, 'FLUSHDB')
      await redisCommand(url, 'DEL', claim)
    })
  }
  return null
}

async function databaseCount(url: string): Promise<number> {
  const answer = await redisCommand(url, 'CONFIG', 'GET', 'databases').catch(() => null)
  return Array.isArray(answer) ? Number(answer[1]) : 16
}
