import fc from 'fast-check'
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { memoryReplica } from '../../adapters/memory/memory-replica.ts'
import { postgresReplica } from '../../adapters/postgres/postgres-replica.ts'
import { storedKey } from '../../adapters/postgres/stored-key.ts'
import { hashSpace, keyHash, wholeRange } from '../../src/core/hash.ts'
import { newTombstone, newValue, type VersionedRecord } from '../../src/core/record.ts'
import type { PutOutcome, Replica } from '../../src/replica.ts'
import { headOf, numberedKeys, putsOf, tombstoneAt, userKey, valueAt, versionAt } from '../conformance/samples.ts'
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
    await query(server.url, "UPDATE keyv_quorum SET checksum = '0badf00d' WHERE key_hash >= 0")
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
  })
})

describe('long keys', () => {
  it('of 64 KB and more are different keys, also where only the last character differs', async () => {
    const replica = open()
    const long = userKey('k'.repeat(100_000))
    const keys = [`${long}a`, `${long}b`, long, storedKey(long), `\u0001${storedKey(long)}`, '\u0001', '']
    const records = keys.map((name, index) => valueAt(index + 1, name))
    await replica.putManyIfNewer(putsOf(...records), patient)
    expect(await replica.getMany(keys, patient)).toEqual(records)
    expect(await scanAll(replica, patientScan)).toEqual(
      records.map(headOf).toSorted((a, b) => (a.key < b.key ? -1 : 1)),
    )
    expect(await replica.purgeMany(records.slice(1).map(headOf), patient)).toEqual(Array(6).fill(true))
    expect(await scanAll(replica, patientScan)).toEqual([headOf(records[0] as VersionedRecord)])
  })

  it('fit the index up to the length at which a digest takes their place', async () => {
    const replica = open()
    const keys = [510, 511, 512, 513].flatMap((length) => [
      Array.from({ length }, (_, index) => String.fromCharCode(0x4e00 + ((index * 7919) % 0x5000))).join(''),
      Array.from({ length }, (_, index) => String.fromCharCode(0x21 + ((index * 31) % 90))).join(''),
    ])
    const records = keys.map((name, index) => valueAt(index + 1, name))
    await replica.putManyIfNewer(putsOf(...records), patient)
    expect(await replica.getMany(keys, patient)).toEqual(records)
  })

  it('are found by their prefix', async () => {
    const replica = open()
    const long = 'n'.repeat(600)
    const keys = [`${long}:a`, `${long}:b`, `${'n'.repeat(599)}m:a`, 'n:a', '\u0001n']
    await replica.putManyIfNewer(putsOf(...keys.map((name, index) => valueAt(index + 1, name))), patient)
    const found = async (keyPrefix: string) =>
      (await scanAll(replica, { ...patientScan, keyPrefix })).map((head) => head.key)
    expect(await found(`${long}:`)).toEqual([`${long}:a`, `${long}:b`])
    expect(await found('n')).toEqual(keys.filter((name) => name.startsWith('n')).toSorted())
    expect(await found('\u0001')).toEqual(['\u0001n'])
  })
})

describe('scans', () => {
  it('take %, _ and backslash of a prefix literally', async () => {
    const replica = open()
    const keys = ['a%b', 'a_b', 'a\\b', 'a\\%b', 'axb', "a'b", 'a"b']
    await replica.putManyIfNewer(putsOf(...keys.map((name, index) => valueAt(index + 1, name))), patient)
    for (const name of keys) {
      const found = await scanAll(replica, { ...patientScan, keyPrefix: name.slice(0, -1) })
      expect(found.map((head) => head.key)).toEqual(
        keys.filter((other) => other.startsWith(name.slice(0, -1))).toSorted(),
      )
    }
  })

  it('find the few keys of a prefix among many, in pages of the size asked for', async () => {
    const replica = open()
    for (let batch = 0; batch < 6; batch += 1) {
      const keys = numberedKeys(1000, `many ${batch}`)
      await replica.putManyIfNewer(putsOf(...keys.map((name) => valueAt(1, name))), patient)
    }
    const few = numberedKeys(7, 'few')
    await replica.putManyIfNewer(putsOf(...few.map((name) => tombstoneAt(1, name))), patient)
    const seen: string[] = []
    for await (const page of replica.scan(wholeRange, { ...patientScan, pageKeysMax: 3, keyPrefix: userKey('few') })) {
      expect(page.length).toBeLessThanOrEqual(3)
      seen.push(...page.map((head) => head.key))
    }
    expect(seen.toSorted()).toEqual(few.toSorted())
  })

  it('never give the row that holds the lineage', async () => {
    const replica = open()
    await replica.lineage(patient)
    expect(await scanAll(replica, patientScan)).toEqual([])
    expect(await scanAll(replica, patientScan, { from: -10, to: hashSpace })).toEqual([])
    expect(await replica.getMany([''], patient)).toEqual([null])
  })

  it('are answered by the index alone', async () => {
    const writer = open()
    await writer.putManyIfNewer(putsOf(...numberedKeys(500).map((name) => valueAt(1, name))), patient)
    await writer.close()
    await expect.poll(async () => (await tableCounts()).inserted).toBe(501)
    await query(server.url, 'VACUUM ANALYZE keyv_quorum')
    const { seqScans, indexScans, heapFetches } = await tableCounts()

    const reader = open()
    expect(await scanAll(reader, patientScan)).toHaveLength(500)
    await reader.close()
    await expect.poll(async () => (await tableCounts()).indexScans).toBeGreaterThanOrEqual(indexScans + 6)
    expect(await tableCounts()).toMatchObject({ seqScans, heapFetches })
  })
})

/** As a connection reports them when it ends. */
async function tableCounts(): Promise<Record<'inserted' | 'seqScans' | 'indexScans' | 'heapFetches', number>> {
  const [row] = await query(server.url, "SELECT * FROM pg_stat_user_tables WHERE relname = 'keyv_quorum'")
  return {
    inserted: Number(row?.n_tup_ins),
    seqScans: Number(row?.seq_scan),
    indexScans: Number(row?.idx_scan),
    heapFetches: Number(row?.idx_tup_fetch),
  }
}

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
