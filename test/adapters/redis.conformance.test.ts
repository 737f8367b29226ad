import { createCluster } from '@redis/client'
import * as vitest from 'vitest'
import { redisGuarantees } from '../../adapters/redis/redis-source.ts'
import { layout } from '../../src/core/record.ts'
import { replicaConformance } from '../conformance/replica-conformance.ts'
import { startRedis } from '../servers/redis.ts'
import { startRedisCluster } from '../servers/redis-cluster.ts'
import { redisCommand } from '../servers/redis-command.ts'
import { openReplica } from './redis-support/open-redis.ts'
import { serverControl } from './server-control.ts'

const module = new URL('./redis-support/open-redis.ts', import.meta.url)
const versionOffset = layout.orderOffset

for (const keepsData of [false, true]) {
  const server = await startRedis({ controllable: true, appendOnly: keepsData })
  vitest.afterAll(() => server[Symbol.asyncDispose]())

  const flush = async () => {
    await redisCommand(server.url, 'FLUSHALL')
  }

  replicaConformance(vitest, {
    name: keepsData ? 'redis with an append-only file' : 'redis without persistence',
    guarantees: redisGuarantees,
    open: () => openReplica(server.url),
    wipe: flush,
    loseData: flush,
    otherProcess: { module, argument: server.url },
    corruptPayload: async (key) => {
      await redisCommand(server.url, 'APPEND', `kq:${key}`, 'x')
    },
    corruptHead: async (key) => {
      await redisCommand(server.url, 'SETRANGE', `kq:${key}`, String(versionOffset), 'no version')
    },
    corruptVersion: async (key) => {
      await redisCommand(server.url, 'SETRANGE', `kq:${key}`, String(versionOffset), '7')
    },
    server: serverControl(server, keepsData),
  })
}

const cluster = await startRedisCluster()
vitest.afterAll(() => cluster[Symbol.asyncDispose]())
const clusterUri = cluster.url.replace('redis:', 'redis+cluster:')

replicaConformance(vitest, {
  name: 'redis cluster',
  guarantees: redisGuarantees,
  open: () => openReplica(clusterUri),
  wipe: flushCluster,
  loseData: flushCluster,
  otherProcess: { module, argument: clusterUri },
  corruptPayload: (key) => clusterCommand(`kq:${key}`, 'APPEND', 'x'),
  corruptHead: (key) => clusterCommand(`kq:${key}`, 'SETRANGE', String(versionOffset), 'no version'),
  corruptVersion: (key) => clusterCommand(`kq:${key}`, 'SETRANGE', String(versionOffset), '7'),
  server: serverControl(cluster, false),
})

async function flushCluster(): Promise<void> {
  for (const url of cluster.urls) await redisCommand(url, 'FLUSHALL')
}

async function clusterCommand(key: string, name: string, ...values: string[]): Promise<void> {
  const client = createCluster({ rootNodes: [{ url: cluster.url }] })
  client.on('error', () => undefined)
  await client.connect()
  try {
    await client.sendCommand(key, false, [name, key, ...values])
  } finally {
    client.destroy()
  }
}
