import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { memoryReplica } from '../../adapters/memory/memory-replica.ts'
import { sqliteReplica } from '../../adapters/sqlite/sqlite-replica.ts'
import { hashSpace, keyHash, wholeRange } from '../../src/core/hash.ts'
import { newTombstone, newValue, type VersionedRecord } from '../../src/core/record.ts'
import type { Entry, Replica } from '../../src/replica.ts'
import { headOf, numberedKeys, putsOf, tombstoneAt, userKey, valueAt, versionAt } from '../conformance/samples.ts'
import { scanAll } from '../conformance/scan-all.ts'
import { behindItsBack, useScratch } from './sqlite-support/scratch.ts'

const scratch = useScratch()
const patient = { timeoutMs: 30_000 }
const key = userKey('a')

describe('records', () => {
  it('get the same outcomes as in the memory replica, whatever is put and purged', async () => {
    const keys = numberedKeys(3)
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
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 25 }), async (actions) => {
        const tried = sqliteReplica('sqlite://:memory:')
        const twin = memoryReplica()
        for (const { verb, record } of actions) {
          const [seen, expected] = await Promise.all([
            perform(tried, verb, record, keys),
            perform(twin, verb, record, keys),
          ])
          expect(seen).toEqual(expected)
        }
        await tried.close()
      }),
      { numRuns: 200 },
    )
  })

  it('survive a close and a new connection', async () => {
    const path = scratch.newPath()
    const records = [valueAt(1, key, 'π'), tombstoneAt(2, userKey('b'))]
    const first = scratch.open(path)
    await first.putManyIfNewer(putsOf(...records), patient)
    await first.close()
    expect(await scratch.open(path).getMany([key, userKey('b')], patient)).toEqual(records)
  })

  it('live beside the tables of others, and in tables of their own', async () => {
    const path = scratch.newPath()
    behindItsBack(path, (database) => database.exec("CREATE TABLE keyv (key, value); INSERT INTO keyv VALUES ('a', 1)"))
    const [usual, other] = [scratch.open(path), scratch.open(path, { table: 'other' })]
    await usual.putManyIfNewer(putsOf(valueAt(1, key)), patient)
    expect(await other.getMany([key], patient)).toEqual([null])
    expect(await usual.getMany([key], patient)).toEqual([valueAt(1, key)])
    expect(behindItsBack(path, (database) => database.prepare('SELECT value FROM keyv').get()?.value)).toBe(1)
  })

  it('have keys of 64 KB, also a page full of them', async () => {
    const replica = scratch.open(scratch.newPath())
    const records = numberedKeys(30).map((name, index) => valueAt(index + 1, name + 'ж'.repeat(32_000)))
    await replica.putManyIfNewer(putsOf(...records), patient)
    const keys = records.map((record) => record.key)
    expect(await replica.getMany(keys, patient)).toEqual(records)
    for (const keyPrefix of ['', userKey('key')]) {
      const scanned = await scanAll(replica, { pageTimeoutMs: 30_000, pageKeysMax: 1000, keyPrefix })
      expect(new Set(scanned.map((head) => head.key))).toEqual(new Set(keys))
    }
  })
})

describe('a damaged record', () => {
  it.each([
    ['checksum', "'1000000000'"],
    ['payload', "CAST('payload 5' AS BLOB)"],
    ['kind', "'lineage'"],
    ['expires_at_ms', '9223372036854775807'],
    ['expires_at_ms', "'soon'"],
    ['retain_until_ms', '-9223372036854775807'],
    ['retain_until_ms', '1.5'],
    ['version', "x'00'"],
    ['version', "'FFFFFFFFFFFFFFFFFFFFFFFFFFFF'"],
  ])('with another %s (%s) is corrupt, and older than any', async (column, value) => {
    const path = scratch.newPath()
    const replica = scratch.open(path)
    const other = valueAt(1, userKey('other'))
    await replica.putManyIfNewer(putsOf(valueAt(5, key), other), patient)
    behindItsBack(path, (database) =>
      database.prepare(`UPDATE keyv_quorum SET ${column} = ${value} WHERE key = ?`).run(key),
    )
    expect(await replica.getMany([key, other.key], patient)).toEqual([
      expect.objectContaining({ kind: 'corrupt', key }),
      other,
    ])

    const older = { ...valueAt(2, key), retainUntilMs: 7 }
    const [outcome] = await replica.putManyIfNewer(putsOf(older), patient)
    expect(outcome).toMatchObject({ status: 'stored', replaced: null })
    expect(await replica.getMany([key], patient)).toMatchObject([{ version: older.version, payload: older.payload }])
  })

  it('keeps the longer retention where that can still be read', async () => {
    const path = scratch.newPath()
    const replica = scratch.open(path)
    await replica.putManyIfNewer(putsOf({ ...valueAt(5, key), retainUntilMs: 99 }), patient)
    behindItsBack(path, (database) => database.exec("UPDATE keyv_quorum SET checksum = 'x' WHERE hash >= 0"))
    const mend: Entry = { record: { ...valueAt(5, key), retainUntilMs: 7 }, mendsCorrupt: true }
    expect(await replica.putManyIfNewer([mend], patient)).toEqual([
      { status: 'stored', retainUntilMs: 99, replaced: null },
    ])
  })
})

describe('a scan', () => {
  it('reads the index alone where it goes by hash', () => {
    const path = scratch.newPath()
    const plan = async () => {
      await scratch.open(path).lineage(patient)
      return behindItsBack(path, (database) =>
        database
          .prepare(
            'EXPLAIN QUERY PLAN SELECT hash, key, version, kind, expires_at_ms, retain_until_ms FROM keyv_quorum WHERE (hash, key) > (1, 2) AND hash < 9 ORDER BY hash, key',
          )
          .all()
          .map(({ detail }) => detail),
      )
    }
    return expect(plan()).resolves.toEqual([expect.stringContaining('USING COVERING INDEX keyv_quorum_by_hash')])
  })

  it('goes on over more records than a page holds, whichever way it goes', async () => {
    const replica = scratch.open(scratch.newPath())
    const records = numberedKeys(2500).map((name, index) => valueAt(index + 1, name))
    const others = numberedKeys(1200, 'other').map((name, index) => valueAt(index + 1, name))
    for (const batch of batchesOf([...records, ...others])) await replica.putManyIfNewer(putsOf(...batch), patient)

    const half = { from: hashSpace / 2, to: hashSpace }
    const upper = records.filter((record) => keyHash(record.key) >= half.from)
    for (const pageKeysMax of [100, 1_000_000]) {
      const options = { pageTimeoutMs: 30_000, pageKeysMax, keyPrefix: userKey('key') }
      expect(keysOf(await scanAll(replica, options, wholeRange))).toEqual(keysOf(records.map(headOf)))
      expect(keysOf(await scanAll(replica, options, half))).toEqual(keysOf(upper.map(headOf)))
    }
  })
})

async function perform(replica: Replica, verb: string, record: VersionedRecord, keys: string[]): Promise<unknown> {
  if (verb === 'put') return await replica.putManyIfNewer(putsOf(record), patient)
  if (verb === 'purge') return await replica.purgeMany([headOf(record)], patient)
  if (verb === 'read') return [await replica.getMany(keys, patient), await replica.getVersions(keys, patient)]
  return await scanAll(replica, { pageTimeoutMs: 30_000, pageKeysMax: 2, keyPrefix: record.key.slice(0, 2) })
}

function batchesOf(records: readonly VersionedRecord[]): VersionedRecord[][] {
  const count = Math.ceil(records.length / 1000)
  return Array.from({ length: count }, (_, index) => records.slice(index * 1000, (index + 1) * 1000))
}

function keysOf(heads: readonly { readonly key: string }[]): string[] {
  return heads.map((head) => head.key).sort()
}
