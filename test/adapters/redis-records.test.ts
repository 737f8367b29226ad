import fc from 'fast-check'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { redisReplica } from '../../adapters/redis/redis-replica.ts'
import { wholeRange } from '../../src/core/hash.ts'
import {
  encodeRecord,
  foreverMs,
  newTombstone,
  newValue,
  storedHeadOf,
  type VersionedRecord,
} from '../../src/core/record.ts'
import type { Entry, Replica } from '../../src/replica.ts'
import { headOf, numberedKeys, putsOf, valueAt, versionAt } from '../conformance/samples.ts'
import { scanAll } from '../conformance/scan-all.ts'
import { startRedis } from '../servers/redis.ts'
import { startRedisCluster } from '../servers/redis-cluster.ts'
import { type Held, modelPut, unreadableTexts } from './redis-support/put-model.ts'
import { connectRaw } from './redis-support/raw-redis.ts'

const patient = { timeoutMs: 30_000 }
const patientScan = { pageTimeoutMs: 30_000, pageKeysMax: 100 }
const large = 'large '.repeat(1_000)
const soonMs = Date.now() + 3_600_000

const server = await startRedis()
const raw = await connectRaw(server.url)
const replica = redisReplica(server.url)
const cluster = await startRedisCluster()
const clusterReplica = redisReplica(cluster.url.replace('redis:', 'redis+cluster:'))
afterAll(async () => {
  await Promise.all([replica.close(), clusterReplica.close()])
  await raw[Symbol.asyncDispose]()
  await Promise.all([server[Symbol.asyncDispose](), cluster[Symbol.asyncDispose]()])
})
beforeEach(() => raw.command('FLUSHDB'))

const keys = ['a', 'b', 'c'].map((name) => `:${name}`)
const records = fc
  .record({
    key: fc.constantFrom(...keys),
    step: fc.integer({ min: 1, max: 3 }),
    isTombstone: fc.boolean(),
    // In UTF-16 the last two sort the other way round than in UTF-8.
    payload: fc.constantFrom('', 'a', 'ab', 'b', '\uffff', '\u{10000}', large, `${large}a`, `${large}b`),
    expiresAtMs: fc.constantFrom(null, soonMs, soonMs + 1),
    retainMoreMs: fc.constantFrom(0, 5_000, foreverMs),
  })
  .map(({ key, step, isTombstone, payload, expiresAtMs, retainMoreMs }): VersionedRecord => {
    const version = versionAt(step)
    const record = isTombstone ? newTombstone(key, version, soonMs) : newValue(key, version, payload, expiresAtMs)
    return { ...record, retainUntilMs: Math.min(record.retainUntilMs + retainMoreMs, foreverMs) }
  })
const puts = fc.record({ record: records, mendsCorrupt: fc.boolean() })
const batches = fc.uniqueArray(puts, { selector: ({ record }) => record.key, minLength: 1, maxLength: 3 })
const damage = fc.record({ key: fc.constantFrom(...keys), text: fc.constantFrom(...unreadableTexts) })

type Step = readonly Entry[] | Damage
interface Damage {
  readonly key: string
  readonly text: string
}

let historiesRun = 0

/** Every history has keys of its own, so that nothing need be emptied in between. */
async function followsModel(subject: Replica, history: readonly Step[]): Promise<void> {
  historiesRun += 1
  const ownKey = (key: string) => `${historiesRun}${key}`
  const held = new Map<string, Held>()
  for (const step of history) {
    if ('text' in step) {
      held.set(ownKey(step.key), step.text)
      await raw.command('SET', `kq:${ownKey(step.key)}`, step.text)
      continue
    }
    const entries = step.map((entry) => ({ ...entry, record: { ...entry.record, key: ownKey(entry.record.key) } }))
    const expected = entries.map((entry) => modelPut(held.get(entry.record.key) ?? null, entry))
    for (const [index, { record }] of entries.entries()) held.set(record.key, expected[index]?.held ?? null)
    expect(await subject.putManyIfNewer(entries, patient)).toEqual(expected.map(({ outcome }) => outcome))
  }
  for (const [key, answer] of held) {
    const [read] = await subject.getMany([key], patient)
    if (typeof answer === 'string') expect(read).toMatchObject({ kind: 'corrupt', key })
    else expect(read).toEqual(answer)
  }
}

describe('puts do what the order of records says', () => {
  const steps = fc.oneof({ weight: 5, arbitrary: batches }, { weight: 1, arbitrary: damage })

  test('at one server, also over what is no record', async () => {
    const histories = fc.array<Step>(steps, { minLength: 1, maxLength: 10 })
    await fc.assert(
      fc.asyncProperty(histories, (history) => followsModel(replica, history)),
      { numRuns: 500 },
    )
  })

  test('in a cluster', async () => {
    const histories = fc.array<Step>(batches, { minLength: 1, maxLength: 10 })
    await fc.assert(
      fc.asyncProperty(histories, (history) => followsModel(clusterReplica, history)),
      { numRuns: 100 },
    )
  })
})

describe('what is stored', () => {
  test.each(['small', large])(
    'is the text of the record under prefix and key, and nothing else but the log: %#',
    async (payload) => {
      const record = valueAt(1, ':key', payload)
      await replica.putManyIfNewer(putsOf(record), patient)
      await replica.putManyIfNewer(putsOf(record, valueAt(1, ':other', payload)), patient)
      expect(await raw.command('GET', 'kq::key')).toBe(encodeRecord(record))
      expect(await storedKeys()).toEqual(['kq::key', 'kq::other'])
    },
  )

  test('is as much as one call brings, small and large together', async () => {
    const many = numberedKeys(1_500).map((key, index) => valueAt(1, key, index % 3 === 0 ? large : 'small'))
    const outcomes = await replica.putManyIfNewer(putsOf(...many), patient)
    expect(outcomes.every(({ status }) => status === 'stored')).toBe(true)
    expect(
      await replica.getMany(
        many.map(({ key }) => key),
        patient,
      ),
    ).toEqual(many)
    expect(await storedKeys()).toHaveLength(many.length)
  })

  test('stays apart from that of another prefix, whatever characters it holds', async () => {
    const prefixes = ['kq:', 'k*:', 'k?:', 'k[qx]:', 'k\\q:', 'k^:', '{kq}:', 'é😀', '']
    const replicas = prefixes.map((keyPrefix) => redisReplica(server.url, { keyPrefix }))
    for (const [index, each] of replicas.entries()) {
      await each.lineage(patient)
      await each.putManyIfNewer(putsOf(valueAt(1, `:${index}*`), valueAt(1, `:${index}x`)), patient)
    }
    for (const [index, each] of replicas.slice(0, -1).entries()) {
      const held = [valueAt(1, `:${index}*`), valueAt(1, `:${index}x`)].map(storedHeadOf)
      expect(await scanAll(each, patientScan)).toEqual(held)
      expect(await scanAll(each, { ...patientScan, keyPrefix: `:${index}*` })).toEqual(held.slice(0, 1))
    }
    await Promise.all(replicas.map((each) => each.close()))
  })

  test('is all that a scan sees, and what others keep in the place of records: no key of the replica itself', async () => {
    const told = redisReplica(server.url)
    await told.lineage(patient)
    await told.close()
    expect(await storedKeys()).toEqual(['kq:\0lineage:{0}'])
    await raw.command('SET', 'kq', 'x')
    await raw.command('SET', 'kq:foreign', 'x')
    await raw.command('RPUSH', 'kq:list', 'x')
    const held = numberedKeys(30).map((key) => valueAt(1, key))
    await replica.putManyIfNewer(putsOf(...held), patient)
    const seen: string[] = []
    for await (const page of replica.scan(wholeRange, { ...patientScan, pageKeysMax: 7 })) {
      seen.push(...page.map(({ key }) => key))
    }
    expect(new Set(seen)).toEqual(new Set([...held.map(({ key }) => key), 'foreign', 'list']))
  })
})

test.each(['small', large])('a server that forgot the scripts gets them again: %#', async (payload) => {
  const forget = () => raw.command('SCRIPT', 'FLUSH')
  await forget()
  const record = valueAt(1, ':key', payload)
  expect(await replica.putManyIfNewer(putsOf(record), patient)).toMatchObject([{ status: 'stored' }])
  await forget()
  expect(await replica.getVersions([':key'], patient)).toEqual([storedHeadOf(record)])
  await forget()
  expect(await replica.purgeMany([headOf(record)], patient)).toEqual([true])
  expect(await storedKeys()).toEqual([])
})

describe('a key that another program gave another type', () => {
  beforeEach(async () => {
    await raw.command('RPUSH', 'kq::list', 'x')
    await raw.command('HSET', 'kq::hash', 'x', 'y')
  })

  test.each(['small', large])('is replaced by a put, and harms no other entry: %#', async (payload) => {
    const put = [':list', ':other', ':hash'].map((key) => valueAt(1, key, payload))
    const outcome = { status: 'stored', retainUntilMs: foreverMs, replaced: null }
    expect(await replica.putManyIfNewer(putsOf(...put), patient)).toEqual([outcome, outcome, outcome])
    expect(await replica.getMany([':list', ':other', ':hash'], patient)).toEqual(put)
  })

  test('is unreadable, and never purged', async () => {
    expect(await replica.getMany([':list', ':hash'], patient)).toEqual([null, null])
    expect(await replica.getVersions([':list', ':absent'], patient)).toMatchObject([{ kind: 'corrupt' }, null])
    expect(await replica.purgeMany([headOf(valueAt(1, ':list'))], patient)).toEqual([false])
    expect(await raw.command('LLEN', 'kq::list')).toBe(1)
  })
})

describe.each([['small'], [large]])('native expiry, payload %#', (payload) => {
  const marginMs = 7_000
  const margin = redisReplica(server.url, { expiryMarginMs: marginMs })
  afterAll(() => margin.close())
  const put = (record: VersionedRecord) => margin.putManyIfNewer([{ record }], patient)
  const value = (step: number, expiresAtMs: number | null) => newValue(':key', versionAt(step), payload, expiresAtMs)
  const expiry = () => raw.command('PEXPIRETIME', 'kq::key')

  test('comes after the retention, by the margin', async () => {
    await put(value(1, soonMs))
    expect(await expiry()).toBe(soonMs + marginMs)
    await put({ ...newTombstone(':key', versionAt(2), soonMs), retainUntilMs: soonMs + 9 })
    expect(await expiry()).toBe(soonMs + 9 + marginMs)
  })

  test('never comes for what is kept for ever', async () => {
    await put(value(1, null))
    expect(await expiry()).toBe(-1)
    await put(value(2, soonMs))
    expect(await expiry()).toBe(-1)
  })

  test('goes when the record gives way to one that is kept for ever', async () => {
    await put(value(1, soonMs))
    await put(value(2, null))
    expect(await expiry()).toBe(-1)
  })

  test('moves later, never earlier, with the retention', async () => {
    await put({ ...value(1, soonMs), retainUntilMs: soonMs + 50 })
    await put({ ...value(1, soonMs), retainUntilMs: soonMs + 60 })
    expect(await expiry()).toBe(soonMs + 60 + marginMs)
    await put({ ...value(1, soonMs), retainUntilMs: soonMs + 50 })
    await put(value(2, soonMs))
    expect(await expiry()).toBe(soonMs + 60 + marginMs)
    await put({ ...value(2, soonMs), retainUntilMs: foreverMs })
    expect(await expiry()).toBe(-1)
  })

  test('leaves what is past its retention for as long as the margin, so that a put can be seen', async () => {
    const beforeMs = Date.now()
    await put(value(1, 1))
    expect(await margin.getMany([':key'], patient)).toEqual([value(1, 1)])
    expect(await expiry()).toBeGreaterThanOrEqual(beforeMs + marginMs)
  })
})

/** All but the log of changes. */
async function storedKeys(): Promise<string[]> {
  return ((await raw.command('KEYS', '*')) as string[]).filter((key) => key !== 'kq:\0changes').sort()
}
