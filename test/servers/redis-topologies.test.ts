import { createClient, createCluster, createSentinel } from '@redis/client'
import { expect, test } from 'vitest'
import { startRedisCluster } from './redis-cluster.ts'
import { startRedisSentinel } from './redis-sentinel.ts'

test('a cluster of three masters serves keys of all slots', async () => {
  await using server = await startRedisCluster()
  expect(server.urls).toHaveLength(3)
  const cluster = createCluster({ rootNodes: server.urls.map((url) => ({ url })) })
  cluster.on('error', () => undefined)
  await cluster.connect()
  try {
    expect(cluster.masters).toHaveLength(3)
    const keys = Array.from({ length: 30 }, (_, index) => `key ${index}`)
    for (const key of keys) await cluster.set(key, `value of ${key}`)
    for (const key of keys) expect(await cluster.get(key)).toBe(`value of ${key}`)
  } finally {
    cluster.destroy()
  }
})

test('a cluster that is restarted empty forms again', async () => {
  await using server = await startRedisCluster()
  await server.restartEmpty()
  const client = createClient({ url: server.url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    expect(await client.sendCommand(['CLUSTER', 'INFO'])).toContain('cluster_slots_ok:16384')
  } finally {
    client.destroy()
  }
})

test('a sentinel leads clients to its master', async () => {
  await using server = await startRedisSentinel()
  const client = createSentinel({ name: server.masterName, sentinelRootNodes: [...server.sentinels] })
  client.on('error', () => undefined)
  await client.connect()
  try {
    await client.set('key', 'value')
    expect(await client.get('key')).toBe('value')
  } finally {
    client.destroy()
  }
})
