import { setTimeout as pause } from 'node:timers/promises'
import KeyvRedis from '@keyv/redis'
import Keyv from 'keyv'
import { describe, expect, it, onTestFinished } from 'vitest'
import { redisReplica } from '../../adapters/redis/redis-replica.ts'
import { systemRuntime } from '../../src/runtime.ts'
import { startRedis } from '../servers/redis.ts'
import { redisCommand } from '../servers/redis-command.ts'
import type { TestServer } from '../servers/test-server.ts'
import { openStore } from '../support/open-store.ts'
import { oneOfEach } from './backends.ts'
import { contentsOf } from './contents.ts'
import { MovedClock } from './moved-clock.ts'

/** A ttl of a minute and the margin that goes with it by default, a thirtieth of each. */
const ttlMs = 2_000
const expiryMarginMs = 167
const batchKeys = 100
const loadMs = 5 * ttlMs

const maxClockSkewMs = 1_000
const deadlineMs = 5_000

describe('dead records do not pile up', () => {
  it('in Redis: under a steady load with a ttl, each replica has at most 1.2 times the keys of a plain Keyv', async () => {
    const servers = await Promise.all([startRedis(own), startRedis(own), startRedis(own), startRedis(own)])
    const [plainServer, ...quorumServers] = servers
    const plain = new Keyv(new KeyvRedis(plainServer.url))
    const replicas = quorumServers.map(({ url }) => redisReplica(url, { expiryMarginMs }))
    const { engine, view } = openStore(systemRuntime, replicas, { lineage: 'checked', hintsMax: 1_000 })
    const quorum = new Keyv(view)
    onTestFinished(async () => {
      await engine.close()
      await plain.disconnect()
      await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()))
    })
    await engine.check()
    const ownKeys = await Promise.all(quorumServers.map(keysIn))

    const samples: { plain: number; replicas: readonly number[] }[] = []
    await steadyLoad([plain, quorum], async () => {
      const counts = await Promise.all(servers.map(keysIn))
      const [plainKeys = 0, ...others] = counts
      samples.push({ plain: plainKeys, replicas: others.map((count, index) => count - (ownKeys[index] ?? 0)) })
    })
    const plainKeys = meanOf(samples.map((sample) => sample.plain))
    expect(plainKeys).toBeGreaterThan(batchKeys)
    for (const index of replicas.keys()) {
      expect(meanOf(samples.map((sample) => sample.replicas[index] ?? 0)) / plainKeys).toBeLessThanOrEqual(1.2)
    }
  })

  it('in PostgreSQL and SQLite: after a sweep no retired row is left', async () => {
    const backends = await oneOfEach()
    const clock = new MovedClock()
    const replicas = backends.map((backend) => backend.open())
    const { engine, view } = openStore(clock.runtime, replicas, { lineage: 'checked', maxClockSkewMs, deadlineMs })
    onTestFinished(async () => {
      await engine.close()
      await Promise.all(backends.map((backend) => backend.close()))
    })
    const keys = Array.from({ length: 1_000 }, (_, index) => `passing ${index}`)
    const expires = clock.nowMs + ttlMs
    await view.setMany(keys.map((key) => ({ key, value: 'passing', expires })))
    await view.set('staying', 'alive')
    clock.putForward(ttlMs + maxClockSkewMs + deadlineMs)
    const report = await engine.sweep()
    expect(report.replicas.slice(1).map(({ purged }) => purged)).toEqual([keys.length, keys.length])
    for (const backend of backends.slice(1)) {
      const witness = backend.open()
      expect((await contentsOf(witness)).map(({ key }) => key)).toEqual([':staying'])
      await witness.close()
    }
  })
})

/** Not one that was given by URL, which others fill too. */
const own = { controllable: true }

async function keysIn({ url }: TestServer): Promise<number> {
  return Number(await redisCommand(url, 'DBSIZE'))
}

/** Writes new keys all the time, the same to each; looks now and then, once as many keys die as are born. */
async function steadyLoad(stores: readonly Keyv[], look: () => Promise<void>): Promise<void> {
  const beganAtMs = Date.now()
  let nextLookMs = beganAtMs + 2 * ttlMs
  for (let batch = 0; Date.now() < beganAtMs + loadMs; batch += 1) {
    const entries = Array.from({ length: batchKeys }, (_, index) => ({
      key: `session ${batch} ${index}`,
      value: 'a value',
      ttl: ttlMs,
    }))
    for (const store of stores) await store.setMany(entries)
    // A pace that the servers' own expiry keeps up with.
    await pause(20)
    if (Date.now() < nextLookMs) continue
    await look()
    nextLookMs = Date.now() + ttlMs / 10
  }
}

function meanOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length
}
