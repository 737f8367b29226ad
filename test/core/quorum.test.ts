import { describe, expect, test } from 'vitest'
import { majority, searchQuorum, toleratedFailures, voteOf } from '../../src/core/quorum.ts'
import { subsets, tuples } from './small-cases.ts'

const sizes = [1, 2, 3, 4, 5, 6, 7]

describe.each(sizes)('of %i replicas', (n) => {
  const counts = Array.from({ length: n }, (_, index) => index + 1)

  test('two majorities always share a replica, and no smaller number does', () => {
    expect(everyPairMeets(n, majority(n), majority(n))).toBe(true)
    if (majority(n) > 1) expect(everyPairMeets(n, majority(n) - 1, majority(n) - 1)).toBe(false)
  })

  test('a read quorum meets a write quorum exactly when r + w > n', () => {
    for (const r of counts) for (const w of counts) expect(everyPairMeets(n, r, w)).toBe(r + w > n)
  })

  test('a search of n - w + 1 replicas meets every write quorum, one fewer does not', () => {
    for (const w of counts) {
      expect(everyPairMeets(n, searchQuorum(n, w), w)).toBe(true)
      expect(everyPairMeets(n, searchQuorum(n, w) - 1, w)).toBe(false)
    }
  })

  test('with as many failures as are tolerated reads and writes can be met, with one more not both', () => {
    for (const r of counts) {
      for (const w of counts) {
        const failures = toleratedFailures(n, r, w)
        expect([voteOf(n, r, 0, failures), voteOf(n, w, 0, failures)]).toEqual(['pending', 'pending'])
        expect([voteOf(n, r, 0, failures + 1), voteOf(n, w, 0, failures + 1)]).toContain('lost')
      }
    }
  })
})

test('a vote is lost exactly when no way for the rest to answer could win it', () => {
  const numbers = [0, 1, 2, 3, 4, 5]
  for (const [n = 0, needed = 0, acked = 0, failed = 0] of tuples(numbers, 4)) {
    if (n < 1 || needed < 1 || needed > n || acked + failed > n) continue
    const ends = tuples([0, 1], n - acked - failed).map((rest) => acked + rest.filter((ack) => ack === 1).length)
    const canBeWon = ends.some((acks) => acks >= needed)
    expect(voteOf(n, needed, acked, failed)).toBe(acked >= needed ? 'met' : canBeWon ? 'pending' : 'lost')
  }
})

function everyPairMeets(n: number, first: number, second: number): boolean {
  const others = subsets(n, second)
  return subsets(n, first).every((one) => others.every((other) => one.some((replica) => other.includes(replica))))
}
