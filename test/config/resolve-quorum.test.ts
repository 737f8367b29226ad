import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type QuorumBase, resolveOptions, resolveQuorum } from '../../src/config.ts'
import { ConfigError } from '../../src/errors.ts'
import { configErrorOf, redisCluster } from './facts.ts'

const base: QuorumBase = { r: 2, w: 2, allowStale: false, consistency: 'quorum' }

describe('the quorum of a view', () => {
  test('takes what is left open from the store', () => {
    expect(resolveQuorum(3, { r: 3 }, base)).toEqual({ n: 3, r: 3, w: 2, allowStale: false })
  })

  test('may be weak when the view says so', () => {
    expect(resolveQuorum(3, { r: 1, allowStale: true }, base)).toEqual({ n: 3, r: 1, w: 2, allowStale: true })
  })

  test('may be weak when the store says so', () => {
    expect(resolveQuorum(3, { r: 1 }, { ...base, allowStale: true })).toMatchObject({ r: 1, allowStale: true })
  })

  test('takes back the permission of the store', () => {
    const error = configErrorOf(() => resolveQuorum(3, { r: 1, allowStale: false }, { ...base, allowStale: true }))
    expect(error.field).toBe('r')
  })

  test.each<[object, string, string]>([
    [{ r: 0 }, 'r', 'a whole number of replicas, 1 or more, not 0'],
    [{ w: 4 }, 'w', 'a whole number from 1 to n = 3, not 4'],
    [{ reads: 'monotonic' }, 'reads', 'a known option of a quorum, one of w, r, allowStale, not reads'],
  ])('%o is refused', (wish, field, expected) => {
    expect(configErrorOf(() => resolveQuorum(3, wish, base))).toMatchObject({ field, expected })
  })

  test('is never weak in a linearizable store', () => {
    const store: QuorumBase = { ...base, consistency: 'linearizable' }
    const error = configErrorOf(() => resolveQuorum(3, { r: 1, allowStale: true }, store))
    expect(error.field).toBe('consistency')
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
