import fc from 'fast-check'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { redisReplica } from '../../adapters/redis/redis-replica.ts'
import { addDigest, addToDigest, bucketOf, type Digest, differingBuckets, emptyDigest } from '../../src/core/digest.ts'
import { type HashRange, hashSpace, keyHash, wholeRange } from '../../src/core/hash.ts'
import { encodeRecord, foreverMs, newTombstone, newValue, type VersionedRecord } from '../../src/core/record.ts'
import { isRetired, type Retirement } from '../../src/core/retirement.ts'
import { timeText } from '../../src/core/version.ts'
import type { Replica, ScanOptions } from '../../src/replica.ts'
import { numberedKeys, putsOf, valueAt } from '../conformance/samples.ts'
import { scanAll } from '../conformance/scan-all.ts'
import { startRedis } from '../servers/redis.ts'
import { startRedisCluster } from '../servers/redis-cluster.ts'
import { redisCommand } from '../servers/redis-command.ts'
import { MovingSlot } from './redis-support/moving-slot.ts'
import { unreadableTexts } from './redis-support/put-model.ts'
import { connectRaw } from './redis-support/raw-redis.ts'
import { replicaOpener } from './redis-support/replica-opener.ts'

const patient = { timeoutMs: 30_000 }
const patientScan: ScanOptions = { pageTimeoutMs: 30_000, pageKeysMax: 100 }
const nothingRetired: Retirement = { retainedUntilMs: -1, diedUntilMs: -1 }
const nowMs = Date.now()

const server = await startRedis({ controllable: true })
const raw = await connectRaw(server.url)
const cluster = await startRedisCluster()
const clusterUri = cluster.url.replace('redis:', 'redis+cluster:')
afterAll(async () => {
  await raw[Symbol.asyncDispose]()
  await Promise.all([server[Symbol.asyncDispose](), cluster[Symbol.asyncDispose]()])
})
const open = replicaOpener(server.url)
beforeEach(async () => {
  for (const url of [server.url, ...cluster.urls]) await redisCommand(url, 'FLUSHALL')
})

async function digestOf(replica: Replica, range = wholeRange, retirement = nothingRetired): Promise<Digest> {
  const sums = emptyDigest()
  for await (const step of replica.digest?.(range, { stepTimeoutMs: 30_000, retirement }) ?? []) {
    if (step.sums !== null) addDigest(sums, step.sums)
  }
  return sums
}

async function digestOfScan(replica: Replica, range: HashRange, retirement: Retirement): Promise<Digest> {
  const sums = emptyDigest()
  for (const entry of await scanAll(replica, patientScan, range)) {
    if (!entry.isUnreadable && !isRetired(entry, retirement)) addToDigest(sums, keyHash(entry.key), entry.checksum)
  }
  return sums
}

const times = [1, nowMs - 2, nowMs - 1, nowMs, nowMs + 1, nowMs + 1e9]
const anyTime = fc.constantFrom(...times)
const records = fc
  .record({
    key: fc.string({ unit: 'grapheme', maxLength: 6 }).filter((key) => !key.includes('\0')),
    madeAtMs: anyTime,
    kind: fc.constantFrom('value', 'value', 'tombstone'),
    payload: fc.constantFrom('', 'small', 'large '.repeat(500)),
    expiresAtMs: fc.option(anyTime),
    retainUntilMs: fc.oneof(anyTime, fc.constant(foreverMs)),
  })
  .map(({ key, madeAtMs, kind, payload, expiresAtMs, retainUntilMs }): VersionedRecord => {
    const version = `${timeText(madeAtMs)}00000000000000af`
    const made =
      kind === 'tombstone' ? newTombstone(key, version, madeAtMs) : newValue(key, version, payload, expiresAtMs)
    return { ...made, retainUntilMs }
  })
const retirements = fc.record({
  retainedUntilMs: fc.constantFrom(-1, ...times, nowMs + 0.5, Number.MAX_SAFE_INTEGER),
  diedUntilMs: fc.constantFrom(-1, ...times, foreverMs - 1),
})
const ranges = fc
  .tuple(fc.constantFrom(0, hashSpace / 3, hashSpace / 2), fc.constantFrom(0, hashSpace / 2, hashSpace - 1, hashSpace))
  .map(([from, to]): HashRange => ({ from: Math.floor(from), to }))
const holdings = fc.record({
  held: fc.uniqueArray(records, { selector: ({ key }) => key, maxLength: 40 }),
  damaged: fc.array(fc.constantFrom(...unreadableTexts), { maxLength: 10 }),
  retirement: retirements,
  range: ranges,
})

describe.each([
  ['one server', () => open()],
  ['a cluster', () => open(clusterUri)],
  ['a cluster, in one slot', () => open(clusterUri, { keyPrefix: '{kq}:' })],
])('at %s', (name, openOne) => {
  test('a digest is the sum over a scan, and both filters choose what JavaScript chooses', async () => {
    const replica = openOne()
    await fc.assert(
      fc.asyncProperty(holdings, async ({ held, damaged, retirement, range }) => {
        for (const url of name === 'one server' ? [server.url] : cluster.urls) await redisCommand(url, 'FLUSHALL')
        if (name === 'one server') await spoil(held, damaged)
        else await replica.putManyIfNewer(putsOf(...held), patient)
        expect(await digestOf(replica, range, retirement)).toEqual(await digestOfScan(replica, range, retirement))
        const all = await scanAll(replica, patientScan, range)
        const buckets = all.map(({ key }) => bucketOf(keyHash(key))).filter((bucket) => bucket % 2 === 0)
        buckets.sort((a, b) => a - b)
        const inBuckets = all.filter(({ key }) => buckets.includes(bucketOf(keyHash(key))))
        const chosen = await scanAll(replica, { ...patientScan, buckets }, range)
        expect(chosen.filter(({ key }) => buckets.includes(bucketOf(keyHash(key))))).toEqual(inBuckets)
        expect(chosen.filter((entry) => !entry.isUnreadable)).toEqual(inBuckets.filter((entry) => !entry.isUnreadable))
        const retired = await scanAll(replica, { ...patientScan, retired: retirement }, range)
        expect(retired).toEqual(all.filter((entry) => isRetired(entry, retirement)))
        const both = await scanAll(replica, { ...patientScan, buckets, retired: retirement }, range)
        expect(both).toEqual(inBuckets.filter((entry) => isRetired(entry, retirement)))
      }),
      { numRuns: 40 },
    )
  })

  test('every record of many is in it, whatever is written over what was there', async () => {
    const replica = openOne()
    const before = numberedKeys(2_000).map((key) => valueAt(1, key))
    await replica.putManyIfNewer(putsOf(...before), patient)
    const expected = await digestOf(replica)
    expect(expected).toEqual(await digestOfScan(replica, wholeRange, nothingRetired))
    const rewritten = before.slice(0, 50)
    let step = 1
    const sums = emptyDigest()
    for await (const each of replica.digest?.(wholeRange, { stepTimeoutMs: 30_000, retirement: nothingRetired }) ??
      []) {
      step += 1
      await replica.putManyIfNewer(putsOf(...rewritten.map(({ key }) => valueAt(step, key))), patient)
      if (each.sums !== null) addDigest(sums, each.sums)
    }
    const differing = differingBuckets([expected, sums])
    const allowed = new Set(rewritten.map(({ key }) => bucketOf(keyHash(key))))
    expect(differing.filter((bucket) => !allowed.has(bucket))).toEqual([])
  })

  test('nothing of it is left at the server, also when it is left early', async () => {
    const replica = openOne()
    await replica.putManyIfNewer(putsOf(...numberedKeys(2_000).map((key) => valueAt(1, key))), patient)
    await digestOf(replica)
    expect(await sumsKeys()).toEqual([])
    for await (const _step of replica.digest?.(wholeRange, { stepTimeoutMs: 30_000, retirement: nothingRetired }) ??
      []) {
      const [key = ''] = await sumsKeys()
      expect(key).toContain('\0sums')
      break
    }
    expect(await sumsKeys()).toEqual([])
  })
})

/** Puts texts where they are, past any rule. */
async function spoil(held: readonly VersionedRecord[], damaged: readonly string[]): Promise<void> {
  const texts = [...held.map((record) => [`kq:${record.key}`, encodeRecord(record)])]
  texts.push(...damaged.map((text, index) => [`kq:damaged ${index}`, text]))
  for (const [key = '', text = ''] of texts) await raw.command('SET', key, text)
  await raw.command('RPUSH', 'kq:a list', 'x')
}

async function sumsKeys(): Promise<string[]> {
  const keys = await Promise.all([server.url, ...cluster.urls].map((url) => redisCommand(url, 'KEYS', '*sums*')))
  return keys.flat().map(String)
}

describe('a digest rejects', () => {
  const started = async (meddle: () => Promise<unknown>, uri = server.url) => {
    const replica = open(uri)
    await replica.lineage(patient)
    await replica.putManyIfNewer(putsOf(...numberedKeys(2_000).map((key) => valueAt(1, key))), patient)
    let steps = 0
    for await (const _step of replica.digest?.(wholeRange, { stepTimeoutMs: 30_000, retirement: nothingRetired }) ??
      []) {
      steps += 1
      if (steps === 2) await meddle()
    }
  }
  const unavailable = (message: string) => ({ code: 'UNAVAILABLE', message: expect.stringContaining(message) })

  test('when the server forgot what it had added up', async () => {
    const forget = async () => raw.command('DEL', ...(await sumsKeys()))
    await expect(started(forget)).rejects.toMatchObject(unavailable('lost the sums'))
  })

  test('when the server was emptied', async () => {
    await expect(started(() => raw.command('FLUSHALL'))).rejects.toMatchObject(unavailable('lineage'))
  })

  test('when the server was restarted', async () => {
    const own = await startRedis({ controllable: true, appendOnly: true })
    const restart = async () => {
      await own.kill()
      await own.start()
    }
    await expect(started(restart, own.url)).rejects.toMatchObject(unavailable('restarted'))
    await own[Symbol.asyncDispose]()
  })

  test('when slots moved', async () => {
    const move = async () => (await MovingSlot.begin(cluster, 'kq::any')).finish()
    await expect(started(move, clusterUri)).rejects.toMatchObject(unavailable('slots moved'))
  })
})

test('sums end by themselves at the server when whoever asked for them is gone', async () => {
  const replica = redisReplica(server.url)
  await replica.putManyIfNewer(putsOf(...numberedKeys(2_000).map((key) => valueAt(1, key))), patient)
  const steps = replica.digest?.(wholeRange, { stepTimeoutMs: 30_000, retirement: nothingRetired })
  await steps?.[Symbol.asyncIterator]().next()
  const [key = ''] = await sumsKeys()
  expect(await raw.command('PTTL', key)).toBeGreaterThan(0)
  await replica.close()
})

test('a scan of nearly all buckets finds what is in them, through pages of both ways of reading', async () => {
  const replica = open()
  const payload = 'x'.repeat(900)
  const held = numberedKeys(3_000).map((key, index) => valueAt(1, key, index % 2 === 0 ? payload : 'small'))
  await replica.putManyIfNewer(putsOf(...held), patient)
  const buckets = Array.from({ length: 42_000 }, (_, bucket) => bucket + 7)
  const inBuckets = held.filter(({ key }) => buckets.includes(bucketOf(keyHash(key))))
  const found = await scanAll(replica, { ...patientScan, buckets })
  expect(new Set(found.map(({ key }) => key))).toEqual(new Set(inBuckets.map(({ key }) => key)))
  expect(await scanAll(replica, { ...patientScan, buckets: [] })).toEqual([])
  const prefixed = await scanAll(replica, { ...patientScan, buckets, keyPrefix: ':key 12' })
  expect(prefixed.map(({ key }) => key)).toEqual(found.map(({ key }) => key).filter((key) => key.startsWith(':key 12')))
})
