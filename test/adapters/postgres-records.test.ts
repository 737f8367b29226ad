import fc from 'fast-check'
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { memoryReplica } from '../../adapters/memory/memory-replica.ts'
import { cutBySize } from '../../adapters/postgres/cut-by-size.ts'
import { postgresReplica } from '../../adapters/postgres/postgres-replica.ts'
import { hashSpace, keyHash } from '../../src/core/hash.ts'
import { newTombstone, newValue, type VersionedRecord } from '../../src/core/record.ts'
import type { PutOutcome, Replica } from '../../src/replica.ts'
import { headOf, numberedKeys, putsOf, userKey, valueAt, versionAt } from '../conformance/samples.ts'
import { scanAll } from '../conformance/scan-all.ts'
import { startPostgres } from '../servers/postgres.ts'
import { query } from './postgres-support/sql.ts'

const server = await startPostgres()
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(async () => {
  await query(server.url, 'DROP TABLE IF EXISTS keyv_quorum')
})

const patient = { timeoutMs: 30_000 }
const patientScan = { pageTimeoutMs: 30_000, pageKeysMax: 100 }
const key = userKey('a')

function open(): Replica {
  const replica = postgresReplica(server.url)
  onTestFinished(() => replica.close())
  return replica
}

describe('records', () => {
  it('get the same outcomes as in the memory replica, whatever is put and purged', async () => {
    const keys = [userKey('a'), userKey('b'), userKey('k'.repeat(600))]
    const record = fc
      .record({
        key: fc.constantFrom(...keys),
        step: fc.integer({ min: 1, max: 4 }),
        isTombstone: fc.boolean(),
        payload: fc.constantFrom('', 'z', 'é', '\uffff', '\u{10000}'),
        retainUntilMs: fc.integer({ min: 0, max: 5 }),
      })
      .map(({ key, step, isTombstone, payload, retainUntilMs }): VersionedRecord => {
        const version = versionAt(step)
        const made = isTombstone ? newTombstone(key, version, 0) : newValue(key, version, payload, step % 2 ? 9 : null)
        return { ...made, retainUntilMs }
      })
    const action = fc.record({ verb: fc.constantFrom('put', 'put', 'put', 'purge', 'read', 'scan'), record })
    const tried = open()
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 25 }), async (actions) => {
        await tried.purgeMany(await scanAll(tried, patientScan), patient)
        const twin = memoryReplica()
        for (const { verb, record } of actions) {
          const seen = await perform(tried, verb, record, keys)
          expect(seen).toEqual(await perform(twin, verb, record, keys))
        }
      }),
      { numRuns: 100 },
    )
  })

  it('of a batch are each stored, held or superseded by themselves', async () => {
    const replica = open()
    const [a, b, c, d] = numberedKeys(4) as [string, string, string, string]
    await replica.putManyIfNewer(putsOf(valueAt(5, a), valueAt(5, b), valueAt(5, c)), patient)
    const outcomes = await replica.putManyIfNewer(
      putsOf(valueAt(4, a), valueAt(5, b), valueAt(6, c), valueAt(1, d)),
      patient,
    )
    expect(outcomes.map(({ status }) => status)).toEqual(['superseded', 'held', 'stored', 'stored'])
  })

  it('that mend and records that do not go in one batch', async () => {
    const replica = open()
    const [a, b, c] = numberedKeys(3) as [string, string, string]
    await replica.putManyIfNewer(putsOf(valueAt(2, a), valueAt(2, b), valueAt(2, c)), patient)
    await query(server.url, "UPDATE keyv_quorum SET checksum = '1000000000' WHERE key_hash >= 0")
    const outcomes = await replica.putManyIfNewer(
      [{ record: valueAt(2, a) }, { record: valueAt(2, b), mendsCorrupt: true }, { record: valueAt(3, c) }],
      patient,
    )
    expect(outcomes.map(({ status }) => status)).toEqual(['held', 'stored', 'stored'])
    const answers = await replica.getMany([a, b, c], patient)
    expect(answers.map((answer) => answer?.kind)).toEqual(['corrupt', 'value', 'value'])
  })

  it.each([
    ['a version that is none', "version = 'no version'"],
    ['a version in capitals', 'version = upper(version)'],
    ['a checksum that is none', "checksum = 'x'"],
    ['a kind that is none', 'kind = 7'],
    ['a retention before all time', 'retain_until_ms = -1'],
    ['an expiry after all time', 'expires_at_ms = 281474976710656'],
  ])('with %s are corrupt, and older than any', async (_name, damage) => {
    const replica = open()
    const old = { ...valueAt(1, key), retainUntilMs: 7 }
    await replica.putManyIfNewer(putsOf(valueAt(0xab, key), valueAt(1, userKey('intact'))), patient)
    await query(server.url, `UPDATE keyv_quorum SET ${damage} WHERE key = $1`, [key])
    expect((await replica.getMany([userKey('intact'), key], patient)).map((answer) => answer?.kind)).toEqual([
      'value',
      'corrupt',
    ])
    expect(await replica.putManyIfNewer(putsOf(old), patient)).toMatchObject([{ status: 'stored', replaced: null }])
    expect(await replica.getMany([key], patient)).toMatchObject([{ version: old.version }])
  })

  it('of more text than one statement takes are put whole', async () => {
    const replica = open()
    const payload = '😀"\\é'.repeat(400_000)
    const records = numberedKeys(15).map((name, index) => valueAt(index + 1, name, payload))
    const outcomes = await replica.putManyIfNewer(putsOf(...records), patient)
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['stored']))
    for (const record of records) {
      const [answer] = await replica.getMany([record.key], patient)
      // Compared without a matcher, which would print megabytes.
      expect(answer?.kind === 'value' && answer.payload === payload).toBe(true)
    }
  })
})

describe('cutBySize', () => {
  it('loses nothing, keeps the order, and makes no part larger than allowed unless it is one item', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 })), fc.integer({ min: 1, max: 20 }), (sizes, sizeMax) => {
        const parts = cutBySize(sizes, (size) => size, sizeMax)
        expect(parts.flat()).toEqual(sizes)
        for (const [index, part] of parts.entries()) {
          const size = part.reduce((sum, own) => sum + own, 0)
          expect(part.length === 1 || size <= sizeMax).toBe(true)
          expect(size + (parts[index + 1]?.[0] ?? Number.POSITIVE_INFINITY), 'no part is too small').toBeGreaterThan(
            sizeMax,
          )
        }
      }),
    )
  })
})

describe('puts of 8 connections', () => {
  it('of different records leave the newest, and every outcome tells what it replaced or lost to', async () => {
    const replicas = Array.from({ length: 8 }, open)
    const keys = numberedKeys(3)
    const puts = await Promise.all(
      replicas.map(async (replica, writer) => {
        const own: { record: VersionedRecord; outcome: PutOutcome | undefined }[] = []
        for (let round = 0; round < 25; round += 1) {
          const records = keys.map((name, index) => {
            const step = ((round * 7 + writer * 3 + index) % 40) + 1
            const record = newValue(name, versionAt(step, writer * 100 + round + 1), `${writer}:${round}`, null)
            return { ...record, retainUntilMs: 1_000 + ((step * 37) % 101) }
          })
          const outcomes = await replica.putManyIfNewer(putsOf(...records), patient)
          for (const [index, record] of records.entries()) own.push({ record, outcome: outcomes[index] })
        }
        return own
      }),
    )
    for (const name of keys) {
      const ofKey = puts.flat().filter(({ record }) => record.key === name)
      expectChain(ofKey, (await open().getMany([name], patient))[0] as VersionedRecord)
    }
  })

  it('of the same keys in opposite orders never wait for each other for ever', async () => {
    const replicas = Array.from({ length: 8 }, open)
    const keys = numberedKeys(200)
    for (let round = 1; round <= 5; round += 1) {
      const answers = await Promise.all(
        replicas.map((replica, writer) => {
          const records = keys.map((name) => newValue(name, versionAt(round, writer + 1), `${writer}`, null))
          const ordered = writer % 2 === 0 ? records : records.toReversed()
          return writer === 7
            ? replica.purgeMany(ordered.map(headOf), patient).then(() => [])
            : replica.putManyIfNewer(putsOf(...ordered), patient)
        }),
      )
      expect(answers.flat()).toHaveLength(7 * keys.length)
    }
    await Promise.all(replicas.map((replica) => replica.close()))
    expect(await query(server.url, deadlocks)).toEqual([{ deadlocks: '0' }])
  })
})

const deadlocks = 'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()'

async function perform(
  replica: Replica,
  verb: string,
  record: VersionedRecord,
  keys: readonly string[],
): Promise<unknown> {
  if (verb === 'put') return replica.putManyIfNewer([{ record }], patient)
  if (verb === 'purge') return replica.purgeMany([headOf(record)], patient)
  if (verb === 'read') return [await replica.getMany(keys, patient), await replica.getVersions(keys, patient)]
  const half = keyHash(record.key)
  return [
    await scanAll(replica, patientScan, { from: 0, to: half }),
    await scanAll(replica, patientScan, { from: half, to: hashSpace }),
  ]
}

/** What was replaced, one after the other, must be one chain from nothing to what is held now. */
function expectChain(
  puts: readonly { record: VersionedRecord; outcome: PutOutcome | undefined }[],
  held: VersionedRecord,
): void {
  const newest = puts
    .map(({ record }) => record.version)
    .toSorted()
    .at(-1)
  expect(held.version).toBe(newest)
  const stored = puts.flatMap(({ record, outcome }) => (outcome?.status === 'stored' ? [{ record, outcome }] : []))
  const inOrder = stored.toSorted((a, b) => (a.record.version < b.record.version ? -1 : 1))
  let before: { version: string; retainUntilMs: number } | null = null
  for (const { record, outcome } of inOrder) {
    expect(outcome.replaced === null ? null : { ...before, ...pick(outcome.replaced) }).toEqual(before)
    expect(outcome.retainUntilMs).toBe(Math.max(record.retainUntilMs, before?.retainUntilMs ?? 0))
    before = { version: record.version, retainUntilMs: outcome.retainUntilMs }
  }
  expect(pick(held)).toEqual(before)
  for (const { record, outcome } of puts) {
    if (outcome?.status === 'superseded') expect(outcome.by.version > record.version).toBe(true)
  }
}

function pick({ version, retainUntilMs }: { version: string; retainUntilMs: number }) {
  return { version, retainUntilMs }
}
