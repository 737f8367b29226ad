import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addDigest,
  addSum,
  addToDigest,
  bucketBase,
  bucketDigits,
  bucketOf,
  bucketsCount,
  type Digest,
  differingBuckets,
  digitsOf,
  emptyDigest,
  rangeOfBuckets,
} from '../../src/core/digest.ts'
import { hashSpace, inRange } from '../../src/core/hash.ts'
import { cell, drawnTable } from '../support/drawn-table.ts'

const hashes = fc.integer({ min: 0, max: hashSpace - 1 })
const buckets = fc.integer({ min: 0, max: bucketsCount - 1 })
const items = fc.array(fc.record({ hash: hashes, checksum: hashes }), { maxLength: 40 })
type Items = readonly { readonly hash: number; readonly checksum: number }[]

function digestOf(all: Items): Digest {
  const digest = emptyDigest()
  for (const { hash, checksum } of all) addToDigest(digest, hash, digitsOf(checksum))
  return digest
}

/** The same by the letter, in whole numbers of any size. */
function dumbSums(all: Items): ReadonlyMap<number, number> {
  const sums = new Map<number, bigint>()
  for (const { hash, checksum } of all) {
    const bucket = Math.trunc(Number(String(1_000_000_000n + BigInt(hash)).slice(0, 5))) - 10_000
    sums.set(bucket, (sums.get(bucket) ?? 0n) + 1_000_000_000n + BigInt(checksum))
  }
  return new Map([...sums].map(([bucket, sum]) => [bucket, Number(sum % 2n ** 32n)]))
}

function nonZero(digest: Digest): Map<number, number> {
  return new Map([...digest.entries()].filter(([, sum]) => sum !== 0))
}

describe('buckets', () => {
  test.each(
    drawnTable(`
      | hash       | digits     | bucket |
      |------------|------------|--------|
      | 0          | 1000000000 | 0      |
      | 99999      | 1000099999 | 0      |
      | 100000     | 1000100000 | 1      |
      | 3294967295 | 4294967295 | 32949  |
      | 4294899999 | 5294899999 | 42948  |
      | 4294900000 | 5294900000 | 42949  |
      | 4294967295 | 5294967295 | 42949  |
    `).map((row) => [Number(cell(row, 'hash')), cell(row, 'digits'), Number(cell(row, 'bucket'))] as const),
  )('the hash %d is written %s and lies in bucket %d', (hash, digits, bucket) => {
    expect(digitsOf(hash)).toBe(digits)
    expect(bucketOf(hash)).toBe(bucket)
  })

  test('are named by the first digits of a hash', () => {
    fc.assert(
      fc.property(hashes, (hash) => {
        expect(digitsOf(hash)).toHaveLength(10)
        expect(Number(digitsOf(hash).slice(0, bucketDigits)) - bucketBase).toBe(bucketOf(hash))
      }),
    )
  })

  test('hold each hash once: their ranges lie end to end over the whole hash space', () => {
    let end = 0
    for (let bucket = 0; bucket < bucketsCount; bucket += 1) {
      const { from, to } = rangeOfBuckets(bucket, bucket + 1)
      if (from !== end || to <= from) throw new Error(`bucket ${bucket} is ${from} to ${to}, after ${end}`)
      if (bucketOf(from) !== bucket || bucketOf(to - 1) !== bucket) throw new Error(`bucket ${bucket} holds others`)
      end = to
    }
    expect(end).toBe(hashSpace)
    expect(bucketsCount).toBe(42_950)
  })

  test('of a range are those, and no others', () => {
    fc.assert(
      fc.property(hashes, buckets, buckets, (hash, from, to) => {
        expect(inRange(hash, rangeOfBuckets(from, to))).toBe(bucketOf(hash) >= from && bucketOf(hash) < to)
      }),
    )
  })

  test('of all are the whole hash space', () => {
    expect(rangeOfBuckets(0, bucketsCount)).toEqual({ from: 0, to: hashSpace })
  })
})

describe('a digest', () => {
  test('is the sum of the checksums in each bucket, modulo 2^32', () => {
    fc.assert(
      fc.property(items, (all) => {
        expect(nonZero(digestOf(all))).toEqual(withoutZero(dumbSums(all)))
      }),
    )
  })

  test('does not depend on the order', () => {
    fc.assert(
      fc.property(items, (all) => {
        expect(digestOf([...all].reverse())).toEqual(digestOf(all))
      }),
    )
  })

  test('is the same in parts that are added up', () => {
    fc.assert(
      fc.property(items, fc.nat(40), (all, cut) => {
        const sum = digestOf(all.slice(0, cut))
        addDigest(sum, digestOf(all.slice(cut)))
        expect(sum).toEqual(digestOf(all))
      }),
    )
  })

  test('takes sums of any size that a backend may come up with', () => {
    fc.assert(
      fc.property(buckets, fc.array(fc.maxSafeNat(), { maxLength: 5 }), (bucket, sums) => {
        const digest = emptyDigest()
        for (const sum of sums) addSum(digest, bucket, sum)
        const expected = sums.reduce((total, sum) => total + BigInt(sum), 0n) % 2n ** 32n
        expect(digest[bucket]).toBe(Number(expected))
      }),
    )
  })

  test('of an unreadable record, which has no checksum, is that of nothing', () => {
    const digest = emptyDigest()
    addToDigest(digest, 7, '')
    expect(digest).toEqual(emptyDigest())
  })
})

describe('buckets that differ', () => {
  test.each(
    drawnTable(`
      | A     | B     | C     | differ |
      |-------|-------|-------|--------|
      | 0 0 0 |       |       |        |
      | 1 2 3 | 1 2 3 | 1 2 3 |        |
      | 1 2 3 | 1 2 4 | 1 2 3 | 2      |
      | 1 2 3 | 1 2 3 | 0 2 3 | 0      |
      | 1 2 3 | 4 2 5 | 6 2 7 | 0 2    |
      | 0 0 0 | 1 0 0 | 0 0 1 | 0 2    |
    `).map((row) => [cell(row, 'A'), cell(row, 'B'), cell(row, 'C'), cell(row, 'differ')] as const),
  )('of %s and %s and %s are: %s', (a, b, c, differ) => {
    const digests = [a, b, c].filter((sums) => sums !== '').map((sums) => Uint32Array.from(numbersIn(sums)))
    expect(differingBuckets(digests)).toEqual(numbersIn(differ))
  })

  test('of no digests are none', () => {
    expect(differingBuckets([])).toEqual([])
  })

  test('are where one has a record that the other has not, unless its checksum is 0 modulo 2^32', () => {
    fc.assert(
      fc.property(items, hashes, hashes, (all, hash, checksum) => {
        const isInvisible = (1_000_000_000 + checksum) % 2 ** 32 === 0
        const found = differingBuckets([digestOf(all), digestOf([...all, { hash, checksum }])])
        expect(found).toEqual(isInvisible ? [] : [bucketOf(hash)])
      }),
    )
  })
})

function numbersIn(text: string): number[] {
  return text.split(' ').filter(Boolean).map(Number)
}

function withoutZero(sums: ReadonlyMap<number, number>): Map<number, number> {
  return new Map([...sums].filter(([, sum]) => sum !== 0).toSorted(([a], [b]) => a - b))
}
