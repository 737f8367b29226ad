import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hashSpace, inRange, keyHash, wholeRange } from '../../src/core/hash.ts'

describe('the hash of a key', () => {
  // Adapters store these; a change would make every replica's ranges disagree.
  test.each([
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['foobar', 0xbf9cf968],
  ])('is FNV-1a of %j under the mixer of MurmurHash3', (key, fnv1a) => {
    expect(keyHash(key)).toBe(mixed(fnv1a))
  })

  test('is a whole number in the hash space', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (key) => {
        const hash = keyHash(key)
        expect(Number.isInteger(hash) && hash >= 0 && hash < hashSpace).toBe(true)
      }),
    )
  })

  test('spreads neighbouring keys evenly: 100,000 numbered keys over 100 ranges', () => {
    const counts = new Array<number>(100).fill(0)
    for (let index = 0; index < 100_000; index += 1) {
      const bucket = Math.floor((keyHash(`:user:${index}`) / hashSpace) * 100)
      counts[bucket] = (counts[bucket] ?? 0) + 1
    }
    // Six standard deviations of a fair throw.
    expect(Math.min(...counts)).toBeGreaterThan(1_000 - 190)
    expect(Math.max(...counts)).toBeLessThan(1_000 + 190)
  })
})

describe('a range of hashes', () => {
  test('holds its start and not its end', () => {
    const range = { from: 10, to: 20 }
    expect([9, 10, 19, 20].map((hash) => inRange(hash, range))).toEqual([false, true, true, false])
  })

  test('belongs to exactly one part, however the space is cut', () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: hashSpace - 1 }), { maxLength: 8 })
    fc.assert(
      fc.property(cuts, fc.integer({ min: 0, max: hashSpace - 1 }), (points, hash) => {
        const ends = [0, ...points.sort((a, b) => a - b), hashSpace]
        const parts = ends.slice(1).map((to, index) => ({ from: ends[index] ?? 0, to }))
        expect(parts.filter((part) => inRange(hash, part))).toHaveLength(1)
        expect(inRange(hash, wholeRange)).toBe(true)
      }),
    )
  })
})

/** fmix32 in big integers, by its published definition. */
function mixed(hash: number): number {
  const mask = 0xffffffffn
  let value = BigInt(hash)
  value = ((value ^ (value >> 16n)) * 0x85ebca6bn) & mask
  value = ((value ^ (value >> 13n)) * 0xc2b2ae35n) & mask
  return Number(value ^ (value >> 16n))
}
