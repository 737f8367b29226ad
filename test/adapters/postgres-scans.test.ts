import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { postgresReplica } from '../../adapters/postgres/postgres-replica.ts'
import { storedKey } from '../../adapters/postgres/stored-key.ts'
import { hashSpace, wholeRange } from '../../src/core/hash.ts'
import { storedHeadOf, type VersionedRecord } from '../../src/core/record.ts'
import type { Replica } from '../../src/replica.ts'
import { headOf, numberedKeys, putsOf, tombstoneAt, userKey, valueAt } from '../conformance/samples.ts'
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

function open(): Replica {
  const replica = postgresReplica(server.url)
  onTestFinished(() => replica.close())
  return replica
}

describe('long keys', () => {
  it('of 64 KB and more are different keys, also where only the last character differs', async () => {
    const replica = open()
    const long = userKey('k'.repeat(100_000))
    const keys = [`${long}a`, `${long}b`, long, storedKey(long), `\u0001${storedKey(long)}`, '\u0001', '']
    const records = keys.map((name, index) => valueAt(index + 1, name))
    await replica.putManyIfNewer(putsOf(...records), patient)
    expect(await replica.getMany(keys, patient)).toEqual(records)
    expect(await scanAll(replica, patientScan)).toEqual(
      records.map(storedHeadOf).toSorted((a, b) => (a.key < b.key ? -1 : 1)),
    )
    expect(await replica.purgeMany(records.slice(1).map(headOf), patient)).toEqual(Array(6).fill(true))
    expect(await scanAll(replica, patientScan)).toEqual([storedHeadOf(records[0] as VersionedRecord)])
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

  it('that cannot be told any more make a scan reject rather than pass them by', async () => {
    const replica = open()
    const long = userKey('k'.repeat(600))
    for (const damage of ['NULL', "long_key || 'x'"]) {
      await replica.putManyIfNewer(putsOf(valueAt(1, long), valueAt(1, userKey('short'))), patient)
      await query(server.url, `UPDATE keyv_quorum SET long_key = ${damage} WHERE long_key IS NOT NULL`)
      await expect(scanAll(replica, patientScan)).rejects.toMatchObject({ code: 'CORRUPT' })
      await query(server.url, 'DELETE FROM keyv_quorum WHERE key_hash >= 0')
    }
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

describe('lookups', () => {
  it('use the index however small the table was when they were planned', async () => {
    const writer = open()
    await writer.putManyIfNewer(putsOf(...numberedKeys(3).map((name) => valueAt(1, name))), patient)
    await writer.close()
    await expect.poll(async () => (await tableCounts()).inserted).toBe(4)
    await query(server.url, 'VACUUM ANALYZE keyv_quorum')
    const { seqScans, indexScans } = await tableCounts()

    const reader = open()
    for (let round = 0; round < 10; round += 1) {
      expect(await reader.getMany(numberedKeys(3), patient)).toHaveLength(3)
      expect(await reader.getVersions(numberedKeys(3), patient)).toHaveLength(3)
      expect(await reader.purgeMany([valueAt(2, userKey('a'))], patient)).toEqual([false])
    }
    await reader.close()
    await expect.poll(async () => (await tableCounts()).indexScans).toBeGreaterThanOrEqual(indexScans + 60)
    expect(await tableCounts()).toMatchObject({ seqScans })
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
