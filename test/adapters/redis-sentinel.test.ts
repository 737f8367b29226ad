import { inspect } from 'node:util'
import { createSentinel } from '@redis/client'
import { afterAll, describe, expect, test } from 'vitest'
import type { Replica } from '../../src/replica.ts'
import { putsOf, valueAt } from '../conformance/samples.ts'
import { freePort } from '../servers/free-port.ts'
import { startProxy } from '../servers/proxy.ts'
import { redisCommand } from '../servers/redis-command.ts'
import { redisProcess } from '../servers/redis-process.ts'
import { waitUntil } from '../servers/wait-until.ts'
import { replicaOpener } from './redis-support/replica-opener.ts'

const patient = { timeoutMs: 30_000 }
const key = ':key'
const host = '127.0.0.1'
const masterName = 'testmaster'

const ports = [await freePort(), await freePort()] as const
const sentinelPort = await freePort()
const sentinelUrl = `redis://${host}:${sentinelPort}`
const watching = [
  `sentinel monitor ${masterName} ${host} ${ports[0]} 1`,
  `sentinel down-after-milliseconds ${masterName} 5000`,
  `sentinel announce-ip ${host}`,
]
// With their append-only files on, so that what a failover changes is not taken for a restart.
const persistent = ['appendonly yes', 'repl-diskless-sync-delay 0']
const servers = await redisProcess([
  { port: ports[0], role: 'server', settings: persistent },
  { port: ports[1], role: 'server', settings: [...persistent, `replicaof ${host} ${ports[0]}`] },
  { port: sentinelPort, role: 'sentinel', settings: watching },
])
await servers.launch()
await waitUntil(() => isReadyToFailOver(), {
  what: 'a master, its copy and a sentinel that knows both',
  timeoutMs: 60_000,
})
afterAll(() => servers.kill())

const open = replicaOpener(`redis+sentinel://${host}:${sentinelPort}/${masterName}`)

describe('a replica behind a sentinel', () => {
  test.each([
    ['a URI', `redis+sentinel://${host}:${sentinelPort}/${masterName}`],
    ['a client', createSentinel({ name: masterName, sentinelRootNodes: [{ host, port: sentinelPort }] })],
    ['the options of one', { name: masterName, sentinelRootNodes: [{ host, port: sentinelPort }] }],
  ])('is found by %s, at the master', async (_name, source) => {
    const replica = open(source)
    await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
    expect(await redisCommand(urlOf(await masterPort()), 'EXISTS', `kq:${key}`)).toBe(1)
    expect(await replica.getMany([key], patient)).toEqual([valueAt(1, key)])
  })

  test('is found when another sentinel is down, and another one is silent', async () => {
    await using silent = await startProxy(sentinelPort)
    silent.silence()
    const sentinels = [`${host}:${silent.port}`, `${host}:${await freePort()}`, `${host}:${sentinelPort}`]
    const replica = open(`redis+sentinel://${sentinels.join(',')}/${masterName}`)
    expect(await replica.getMany([':absent'], patient)).toEqual([null])
  })

  test('is UNAVAILABLE when no sentinel knows the master', async () => {
    const replica = open(`redis+sentinel://${host}:${sentinelPort}/other`)
    await expect(replica.getMany([key], patient)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  test('is UNAVAILABLE when no sentinel answers', async () => {
    const replica = open(`redis+sentinel://${host}:${await freePort()}/${masterName}`)
    await expect(replica.getMany([key], patient)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })

  test('is UNAVAILABLE as long as the server that was named is no master', async () => {
    const master = await masterPort()
    const copy = { host, port: ports.find((port) => port !== master) ?? 0 }
    const sentinelRootNodes = [{ host, port: sentinelPort }]
    const source = { name: masterName, sentinelRootNodes, nodeAddressMap: () => copy }
    await expect(open(source).getMany([key], patient)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('not the master'),
    })
  })

  test('follows a failover, and its lineage changes, because the new master may lag behind', async () => {
    const replica = open(`redis+sentinel://${host}:${sentinelPort}/${masterName}`)
    const lineage = await replica.lineage(patient)
    const before = await masterPort()
    await replica.putManyIfNewer(putsOf(valueAt(2, key)), patient)
    await waitUntil(() => isReadyToFailOver(), { what: 'a copy that can take over' })
    await redisCommand(sentinelUrl, 'SENTINEL', 'FAILOVER', masterName)
    await waitUntil(async () => (await masterPort()) !== before && (await isFollowing(before)), {
      what: 'the old master to follow the new one',
      timeoutMs: 60_000,
    })
    await expect(replica.putManyIfNewer(putsOf(valueAt(3, key)), patient)).rejects.toMatchObject({
      message: expect.stringMatching(/lineage|READONLY|lost/),
    })
    await waitUntil(async () => (await statusOf(replica, 4)) === 'stored', { what: 'a put at the new master' })
    expect(await redisCommand(urlOf(await masterPort()), 'GET', `kq:${key}`)).toContain('payload 4')
    expect(await replica.lineage(patient)).not.toBe(lineage)
  })
})

function urlOf(port: number): string {
  return `redis://${host}:${port}`
}

async function statusOf(replica: Replica, step: number): Promise<string | undefined> {
  const outcomes = await replica.putManyIfNewer(putsOf(valueAt(step, key)), patient).catch(() => [])
  return outcomes[0]?.status
}

async function masterPort(): Promise<number> {
  const address = await redisCommand(sentinelUrl, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', masterName)
  return Number(Array.isArray(address) ? address[1] : Number.NaN)
}

async function isFollowing(port: number): Promise<boolean> {
  const info = String(await redisCommand(urlOf(port), 'INFO', 'replication').catch(() => ''))
  return info.includes('role:slave') && info.includes('master_link_status:up')
}

async function isReadyToFailOver(): Promise<boolean> {
  try {
    const master = await masterPort()
    const copies = inspect(await redisCommand(sentinelUrl, 'SENTINEL', 'REPLICAS', masterName))
    const copy = ports.find((port) => port !== master)
    return (
      copy !== undefined &&
      copies.includes(String(copy)) &&
      /'master-link-status'[:,]\s+'ok'/.test(copies) &&
      (await isFollowing(copy))
    )
  } catch {
    return false
  }
}
