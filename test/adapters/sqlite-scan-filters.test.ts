import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sqliteReplica } from '../../adapters/sqlite/sqlite-replica.ts'
import { bucketOf, bucketsCount } from '../../src/core/digest.ts'
import { inRange, keyHash, wholeRange } from '../../src/core/hash.ts'
import { storedHeadOf } from '../../src/core/record.ts'
import { isRetired } from '../../src/core/retirement.ts'
import type { ScanOptions } from '../../src/replica.ts'
import { numberedKeys, putsOf, tombstoneAt, userKey, valueAt } from '../conformance/samples.ts'
import { scanAll, sortByKey } from '../conformance/scan-all.ts'
import { collected } from './sqlite-support/collected.ts'
import { anyRange, anyRetirement, recordsOfAllKinds } from './sqlite-support/random-records.ts'
import { useScratch } from './sqlite-support/scratch.ts'

const scratch = useScratch()
const patient = { timeoutMs: 30_000 }
const anyPage = fc.integer({ min: 1, max: 30 })

describe('a scan', () => {
  it.each([
    ['in place', (): string => ':memory:', 200],
    ['in a thread', (): string => scratch.newPath(), 8],
  ] as const)(
    'gives just what is asked for by bucket, retirement, prefix and range, %s',
    async (_where, newPath, numRuns) => {
      await fc.assert(
        fc.asyncProperty(recordsOfAllKinds, filters(), anyRange, async (records, filter, range) => {
          const replica = sqliteReplica({ path: newPath() })
          await replica.putManyIfNewer(putsOf(...records), patient)
          const wanted = records.filter(
            ({ key }, index) => filter.isListed(index) || filter.others.includes(bucketOf(keyHash(key))),
          )
          const buckets = ascending([...filter.others, ...wanted.map(({ key }) => bucketOf(keyHash(key)))])
          const { pageKeysMax, keyPrefix, retired } = filter
          const options: ScanOptions = {
            pageTimeoutMs: 30_000,
            pageKeysMax,
            keyPrefix,
            ...(filter.hasBuckets && { buckets }),
            ...(filter.isRetiredOnly && { retired }),
          }
          for (const hashes of [wholeRange, range]) {
            const expected = records.filter(
              (record) =>
                inRange(keyHash(record.key), hashes) &&
                record.key.startsWith(keyPrefix) &&
                (!filter.hasBuckets || buckets.includes(bucketOf(keyHash(record.key)))) &&
                (!filter.isRetiredOnly || isRetired(record, retired)),
            )
            expect(await scanAll(replica, options, hashes)).toEqual(sortByKey(expected.map(storedHeadOf)))
          }
          await replica.close()
        }),
        { numRuns },
      )
    },
  )

  it('finds the few retired records among many, each once, in pages of the size asked for', async () => {
    const replica = scratch.open(scratch.newPath())
    const dead = numberedKeys(300, 'dead').map((name) => tombstoneAt(1, name))
    const alive = numberedKeys(8000).map((name) => valueAt(1, name))
    await replica.putManyIfNewer(putsOf(...dead), patient)
    for (let start = 0; start < alive.length; start += 1000) {
      await replica.putManyIfNewer(putsOf(...alive.slice(start, start + 1000)), patient)
    }
    const retired = { retainedUntilMs: -1, diedUntilMs: 1 }
    for (const pageKeysMax of [7, 1000]) {
      const pages = await collected(replica.scan(wholeRange, { pageTimeoutMs: 30_000, pageKeysMax, retired }))
      expect(Math.max(...pages.map((page) => page.length))).toBeLessThanOrEqual(pageKeysMax)
      expect(sortByKey(pages.flat())).toEqual(sortByKey(dead.map(storedHeadOf)))
    }
  })

  it('of every second bucket gives each of their records once, and none of the others', async () => {
    const replica = scratch.open(':memory:')
    const records = numberedKeys(4000).map((name) => valueAt(1, name))
    for (let start = 0; start < records.length; start += 1000) {
      await replica.putManyIfNewer(putsOf(...records.slice(start, start + 1000)), patient)
    }
    const buckets = Array.from({ length: Math.ceil(bucketsCount / 2) }, (_, index) => index * 2)
    const options = { pageTimeoutMs: 30_000, pageKeysMax: 50, buckets }
    const found = (await collected(replica.scan(wholeRange, options))).flat()
    const expected = records.filter(({ key }) => bucketOf(keyHash(key)) % 2 === 0)
    expect(sortByKey(found)).toEqual(sortByKey(expected.map(storedHeadOf)))
  })

  it('of a range begins with the first hash of it and ends before the last', async () => {
    const replica = scratch.open(':memory:')
    const record = valueAt(1, userKey('a'))
    await replica.putManyIfNewer(putsOf(record), patient)
    const hash = keyHash(record.key)
    for (const retired of [undefined, { retainedUntilMs: -1, diedUntilMs: -1 }]) {
      const options = { pageTimeoutMs: 30_000, pageKeysMax: 10, ...(retired && { retired }) }
      const expected = retired === undefined ? [storedHeadOf(record)] : []
      expect(await scanAll(replica, options, { from: hash, to: hash + 1 })).toEqual(expected)
      expect(await scanAll(replica, options, { from: 0, to: hash })).toEqual([])
    }
  })

  it('of no bucket gives nothing', async () => {
    const replica = scratch.open(':memory:')
    await replica.putManyIfNewer(putsOf(valueAt(1, userKey('a'))), patient)
    expect(await scanAll(replica, { pageTimeoutMs: 30_000, pageKeysMax: 10, buckets: [] })).toEqual([])
  })
})

function filters() {
  return fc.record({
    hasBuckets: fc.boolean(),
    isRetiredOnly: fc.boolean(),
    isListed: fc.func(fc.boolean()),
    others: fc.array(fc.integer({ min: 0, max: bucketsCount - 1 }), { maxLength: 10 }),
    retired: anyRetirement,
    keyPrefix: fc.constantFrom('', userKey(''), userKey('1')),
    pageKeysMax: anyPage,
  })
}

function ascending(buckets: readonly number[]): number[] {
  return [...new Set(buckets)].sort((a, b) => a - b)
}
