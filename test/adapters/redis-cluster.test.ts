import KeyvRedis from '@keyv/redis'
import { createCluster } from '@redis/client'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { keySlot } from '../../adapters/redis/key-slot.ts'
import type { RedisSource } from '../../adapters/redis/redis-source.ts'
import { wholeRange } from '../../src/core/hash.ts'
import { storedHeadOf, type VersionedRecord } from '../../src/core/record.ts'
import type { Replica } from '../../src/replica.ts'
import { headOf, numberedKeys, putsOf, valueAt } from '../conformance/samples.ts'
import { scanAll, sortByKey } from '../conformance/scan-all.ts'
import { startProxy } from '../servers/proxy.ts'
import { startRedisCluster } from '../servers/redis-cluster.ts'
import { redisCommand } from '../servers/redis-command.ts'
import { waitUntil } from '../servers/wait-until.ts'
import { whileBusy } from './redis-support/busy-script.ts'
import { KeyvRedis5 } from './redis-support/keyv-series-5.ts'
import { MovingSlot } from './redis-support/moving-slot.ts'
import { replicaOpener } from './redis-support/replica-opener.ts'

const patient = { timeoutMs: 30_000 }
const patientScan = { pageTimeoutMs: 30_000, pageKeysMax: 20 }
const large = 'large '.repeat(1_000)

const cluster = await startRedisCluster()
const uri = cluster.url.replace('redis:', 'redis+cluster:')
afterAll(() => cluster[Symbol.asyncDispose]())

const open = replicaOpener(uri)
beforeEach(async () => {
  for (const url of cluster.urls) await redisCommand(url, 'FLUSHALL')
})

test('slots of keys are those of the servers', async () => {
  const keys = [
    '',
    'a',
    'ä',
    '😀',
    '{',
    '{}',
    'a{b}c',
    'a{}b{c}',
    '{{a}}',
    'a{b}{c}',
    'a}b{c',
    '{a\n}',
    'x'.repeat(300),
  ]
  for (const key of keys) expect(keySlot(key)).toBe(await redisCommand(cluster.url, 'CLUSTER', 'KEYSLOT', key))
})

describe('a batch over all masters', () => {
  const records = numberedKeys(300).map((key, index) => valueAt(1, key, index % 10 === 0 ? large : 'small'))

  test.each([
    ['a URI', () => uri],
    ['a cluster of the driver', () => createCluster({ rootNodes: [{ url: cluster.url }] })],
    ['KeyvRedis 6', () => new KeyvRedis({ rootNodes: [{ url: cluster.url }] })],
    ['KeyvRedis 5', () => new KeyvRedis5({ rootNodes: [{ url: cluster.url }] })],
  ])('is put, read, scanned and purged: opened by %s', async (_name, source) => {
    const replica = open(source())
    const outcomes = await replica.putManyIfNewer(putsOf(...records), patient)
    expect(outcomes.every(({ status }) => status === 'stored')).toBe(true)
    const keys = records.map(({ key }) => key)
    expect(await replica.getMany(keys, patient)).toEqual(records)
    expect(await replica.getVersions(keys, patient)).toEqual(records.map(storedHeadOf))
    expect(await scanAll(replica, patientScan)).toEqual(sortByKey(records.map(storedHeadOf)))
    expect(await replica.purgeMany(records.map(headOf), patient)).toEqual(records.map(() => true))
    expect(await replica.getMany(keys, patient)).toEqual(records.map(() => null))
  })

  test('reaches nodes where the address map says', async () => {
    const proxies = await Promise.all(cluster.urls.map((url) => startProxy(Number(new URL(url).port))))
    const byAddress = new Map(cluster.urls.map((url, index) => [new URL(url).host, proxies[index]?.port ?? 0]))
    const nodeAddressMap = (address: string) => ({ host: '127.0.0.1', port: byAddress.get(address) ?? 0 })
    const replica = open({
      rootNodes: [{ socket: { host: '127.0.0.1', port: proxies[0]?.port } }],
      nodeAddressMap,
    } as RedisSource)
    await replica.putManyIfNewer(putsOf(...records), patient)
    for (const proxy of proxies) proxy.cut()
    await expect(replica.getMany([records[0]?.key ?? ''], patient)).rejects.toMatchObject({ name: 'ReplicaError' })
    await replica.close()
    await Promise.all(proxies.map((proxy) => proxy.close()))
  })
})

test('a prefix with a hash tag keeps everything at one master', async () => {
  const replica = open(uri, { keyPrefix: '{kq}:' })
  await replica.lineage(patient)
  const records = numberedKeys(200).map((key, index) => valueAt(1, key, index % 10 === 0 ? large : 'small'))
  await replica.putManyIfNewer(putsOf(...records), patient)
  expect(await scanAll(replica, patientScan)).toEqual(sortByKey(records.map(storedHeadOf)))
  const sizes = await Promise.all(cluster.urls.map((url) => redisCommand(url, 'DBSIZE')))
  expect(sizes.sort()).toEqual([0, 0, records.length + 1])
})

describe('while a slot moves from one master to another', () => {
  // All in one slot, because of the hash tag.
  const records = numberedKeys(20, '{moving}').map((key) => valueAt(1, key))
  const keys = records.map(({ key }) => key)
  const moved = keys.slice(0, 10).map((key) => `kq:${key}`)
  let replica: Replica
  let slot: MovingSlot
  beforeEach(async () => {
    replica = open()
    await replica.putManyIfNewer(putsOf(...records), patient)
    slot = await MovingSlot.begin(cluster, `kq:${keys[0]}`)
    await slot.moveKeys(...moved)
    return () => slot.finish()
  })

  test('records on both sides are read, put and purged', async () => {
    expect(await replica.getMany([...keys, ':{moving}absent'], patient)).toEqual([...records, null])
    expect(await replica.getVersions(keys, patient)).toEqual(records.map(storedHeadOf))
    const newer = records.map((record) => valueAt(2, record.key, large))
    const outcomes = await replica.putManyIfNewer(putsOf(...newer), patient)
    expect(outcomes.every(({ status }) => status === 'stored')).toBe(true)
    expect(await replica.getMany(keys, patient)).toEqual(newer)
    expect(await replica.purgeMany(newer.map(headOf), patient)).toEqual(keys.map(() => true))
  })

  test('a scan rejects: it could miss a key that overtakes it', async () => {
    await expect(scanAll(replica, patientScan)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('slots are being moved'),
    })
  })

  test('and after it has moved, records are found where they are', async () => {
    await slot.finish()
    expect(await replica.getMany(keys, patient)).toEqual(records)
    const redirections = await timesRedirected()
    expect(await replica.getMany(keys, patient)).toEqual(records)
    expect(await scanAll(replica, patientScan)).toEqual(sortByKey(records.map(storedHeadOf)))
    expect(await timesRedirected()).toEqual(redirections)
  })
})

test('a scan rejects when a slot has moved before its end', async () => {
  const replica = open()
  const records = numberedKeys(500).map((key) => valueAt(1, key))
  await replica.putManyIfNewer(putsOf(...records), patient)
  let pages = 0
  const scan = async () => {
    for await (const _page of replica.scan(wholeRange, patientScan)) {
      pages += 1
      if (pages === 1) await (await MovingSlot.begin(cluster, `kq:${records[0]?.key}`)).finish()
    }
  }
  await expect(scan()).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('slots moved') })
})

test('the lineage outlives a slot that moves, and not a single master that is emptied', async () => {
  const replica = open()
  const records = numberedKeys(50).map((key) => valueAt(1, key))
  const lineage = await replica.lineage(patient)
  await replica.putManyIfNewer(putsOf(...records), patient)
  await (await MovingSlot.begin(cluster, `kq:${records[0]?.key}`)).finish()
  expect(await replica.lineage(patient)).toBe(lineage)

  await redisCommand(cluster.url, 'FLUSHALL')
  const read = replica.getMany(
    records.map(({ key }) => key),
    patient,
  )
  await expect(read).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('lineage') })
  expect(await replica.lineage(patient)).not.toBe(lineage)
})

test('puts that one master refuses are no success, whatever the others did', async () => {
  const replica = open()
  const records = numberedKeys(50).map((key) => valueAt(1, key))
  await redisCommand(cluster.url, 'CONFIG', 'SET', 'maxmemory', '1')
  try {
    const put = replica.putManyIfNewer(putsOf(...records), patient)
    await expect(put).rejects.toMatchObject({ code: 'REJECTED', message: expect.stringContaining('OOM') })
  } finally {
    await redisCommand(cluster.url, 'CONFIG', 'SET', 'maxmemory', '0')
  }
})

test('puts that one master cannot take for now have an unknown outcome, because the others took theirs', async () => {
  const replica = open()
  const records = numberedKeys(50).map((key) => valueAt(1, key))
  await replica.getMany(keysOf(records), patient)
  await whileBusy(cluster.url, async () => {
    const put = replica.putManyIfNewer(putsOf(...records), patient)
    await expect(put).rejects.toMatchObject({ code: 'TIMEOUT', message: expect.stringContaining('BUSY') })
  })
  const held = await replica.getMany(keysOf(records), patient)
  expect(held).toContain(null)
  expect(held.some((answer) => answer !== null)).toBe(true)
})

describe('without one of its masters', () => {
  const records = numberedKeys(50).map((key) => valueAt(1, key))
  const newer = records.map(({ key }) => valueAt(2, key))

  test('a cluster answers for the keys of the others, and refuses whole batches that need it', async () => {
    await using lame = await startRedisCluster()
    const [down = '', ...up] = lame.urls
    for (const url of up) await redisCommand(url, 'CONFIG', 'SET', 'cluster-require-full-coverage', 'no')
    const replica = open(up[0]?.replace('redis:', 'redis+cluster:'))
    await replica.putManyIfNewer(putsOf(...records), patient)
    const [lost, kept] = await partedBy(down, records)
    await redisCommand(down, 'SHUTDOWN', 'NOSAVE').catch(() => undefined)

    await waitUntil(async () => (await failureCode(replica, lost)) === 'UNAVAILABLE', { what: 'the end of a master' })
    expect(await replica.getMany(keysOf(kept), patient)).toEqual(kept)
    await expect(replica.putManyIfNewer(putsOf(...newer), patient)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(await replica.getMany(keysOf(kept), patient)).toEqual(kept)
    await expect(scanAll(replica, patientScan)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect(replica.lineage(patient)).rejects.toMatchObject({ code: 'UNAVAILABLE' })

    for (const url of up) await redisCommand(url, 'CONFIG', 'SET', 'cluster-require-full-coverage', 'yes')
    await waitUntil(async () => (await failureCode(replica, kept)) === 'UNAVAILABLE', { what: 'CLUSTERDOWN' })
    await expect(replica.putManyIfNewer(putsOf(...kept), patient)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('CLUSTERDOWN'),
    })
    await replica.close()
  })
})

async function timesRedirected(): Promise<(string | undefined)[]> {
  const infos = await Promise.all(cluster.urls.map((url) => redisCommand(url, 'INFO', 'errorstats')))
  return infos.map((info) => /errorstat_MOVED:count=(\d+)/.exec(String(info))?.[1])
}

/** Records that a master holds, and the others. */
async function partedBy(
  url: string,
  records: readonly VersionedRecord[],
): Promise<[VersionedRecord[], VersionedRecord[]]> {
  const held = new Set((await redisCommand(url, 'KEYS', '*')) as string[])
  const isHeld = ({ key }: VersionedRecord) => held.has(`kq:${key}`)
  return [records.filter(isHeld), records.filter((record) => !isHeld(record))]
}

function keysOf(records: readonly VersionedRecord[]): string[] {
  return records.map(({ key }) => key)
}

async function failureCode(replica: Replica, records: readonly VersionedRecord[]): Promise<unknown> {
  return replica.getMany(keysOf(records), patient).then(
    () => null,
    (error: { code?: unknown }) => error.code,
  )
}
