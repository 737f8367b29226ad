import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Quorum, resolveOptions, resolveQuorum, type StoreRules } from '../../src/config.ts'
import { ConfigError } from '../../src/errors.ts'
import { configErrorOf, redisCluster } from './facts.ts'

const base: Quorum = { n: 3, r: 2, w: 2, allowStale: false }
const store: StoreRules = { w: 2, consistency: 'quorum' }

describe('the quorum of a view', () => {
  test('takes what is left open from the store', () => {
    expect(resolveQuorum({ r: 3 }, base, store)).toEqual({ n: 3, r: 3, w: 2, allowStale: false })
  })

  test('may be weak when the view says so', () => {
    const weak = { n: 3, r: 1, w: 2, allowStale: true }
    expect(resolveQuorum({ r: 1, allowStale: true }, base, store)).toEqual(weak)
  })

  test('may be weak when the store says so', () => {
    const weak = resolveQuorum({ r: 1 }, { ...base, allowStale: true }, store)
    expect(weak).toMatchObject({ r: 1, allowStale: true })
  })

  test('takes back the permission of the store', () => {
    const error = configErrorOf(() => resolveQuorum({ r: 1, allowStale: false }, { ...base, allowStale: true }, store))
    expect(error.field).toBe('r')
  })

  test.each<[object, string, string]>([
    [{ r: 0 }, 'r', 'a whole number of replicas, 1 or more, not 0'],
    [{ w: 4 }, 'w', 'a whole number from 1 to n = 3, not 4'],
    [{ reads: 'monotonic' }, 'reads', 'a known option of a quorum, one of w, r, allowStale, not reads'],
    [
      { r: 1, w: 3 },
      'r',
      'r + w > n, so that every read meets every acknowledged write, but r = 1 and w = 2, with which the store itself ' +
        'writes, make 3, and n = 3: say r: 2, or allowStale: true if reads may miss acknowledged writes',
    ],
    [
      { r: 3, w: 1 },
      'w',
      'at least 2, the w of the store, because its other readers count on that, not 1: leave w out, or say ' +
        'allowStale: true if they may miss what is written here',
    ],
  ])('%o is refused', (wish, field, expected) => {
    expect(configErrorOf(() => resolveQuorum(wish, base, store))).toMatchObject({ field, expected })
  })

  test.each([{ r: 1 }, { r: 1, w: 3 }, { w: 1, r: 3 }])('is never weak in a linearizable store: %o', (wish) => {
    const linearizable: StoreRules = { ...store, consistency: 'linearizable' }
    const error = configErrorOf(() => resolveQuorum({ ...wish, allowStale: true }, base, linearizable))
    expect(error.field).toBe('consistency')
  })

  test('may be stronger in a store that is weak, as far as the writes of the store allow', () => {
    const weakReads = { n: 3, r: 1, w: 2, allowStale: true }
    expect(resolveQuorum({ r: 2, allowStale: false }, weakReads, store)).toMatchObject({ r: 2, allowStale: false })
    const weakWrites = { n: 3, r: 1, w: 1, allowStale: true }
    const strict = { r: 3, w: 3, allowStale: false }
    const error = configErrorOf(() => resolveQuorum(strict, weakWrites, { ...store, w: 1 }))
    expect(error.field).toBe('w')
  })

  test('without a permission always meets what the store wrote and what other such views wrote', () => {
    const count = fc.integer({ min: 1, max: 5 })
    const wishes = fc.array(fc.record({ r: count, w: count }), { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(count, count, count, wishes, (n, r, w, asked) => {
        fc.pre(r <= n && w <= n && r + w > n && 2 * w > n)
        const root: Quorum = { n, r, w, allowStale: false }
        const rules: StoreRules = { w, consistency: 'quorum' }
        const views = asked.filter((wish) => isAccepted(() => resolveQuorum(wish, root, rules)))
        const all = [root, ...views]
        for (const reader of all) for (const writer of all) expect(reader.r + writer.w).toBeGreaterThan(n)
        for (const one of all) for (const other of all) expect(one.w + other.w).toBeGreaterThan(n)
      }),
    )
  })
})

describe('every n up to 7, every r and w', () => {
  const n = fc.integer({ min: 1, max: 7 })
  const count = fc.integer({ min: 1, max: 8 })

  test('are accepted exactly when quorums meet, or may be missed', () => {
    fc.assert(
      fc.property(n, count, count, fc.boolean(), (replicas, r, w, allowStale) => {
        const isRight = r <= replicas && w <= replicas && (allowStale || (r + w > replicas && 2 * w > replicas))
        expect(isAccepted(() => resolveOptions({ r, w, allowStale }, redisCluster(replicas)))).toBe(isRight)
      }),
    )
  })

  test('that are refused name numbers that are accepted', () => {
    fc.assert(
      fc.property(n, count, count, (replicas, r, w) => {
        fc.pre(r <= replicas && w <= replicas && (r + w <= replicas || 2 * w <= replicas))
        const { message } = configErrorOf(() => resolveOptions({ r, w }, redisCluster(replicas)))
        const advised = [...message.matchAll(/\b([rw]): (\d+)/g)].map(([, name, value]) => [name, Number(value)])
        expect(advised.length).toBeGreaterThan(0)
        expect(resolveOptions({ r, w, ...Object.fromEntries(advised) }, redisCluster(replicas)).n).toBe(replicas)
      }),
    )
  })
})

function isAccepted(run: () => unknown): boolean {
  try {
    run()
    return true
  } catch (error) {
    if (error instanceof ConfigError) return false
    throw error
  }
}
