import { describe, expect, test } from 'vitest'
import type { ReplicaFacts } from '../../src/config/replica-rules.ts'
import { resolveOptions } from '../../src/config.ts'
import { describeGuarantees, type GuaranteeId } from '../../src/guarantees.ts'
import { memoryFacts, racyFacts, racyMapFacts, redisCluster, redisFacts, sqliteFacts } from './facts.ts'

function guaranteesOf(options: object, replicas: readonly ReplicaFacts[]) {
  return describeGuarantees(resolveOptions(options, replicas), replicas)
}

function held(options: object, replicas: readonly ReplicaFacts[]): GuaranteeId[] {
  return guaranteesOf(options, replicas)
    .entries.filter(({ holds }) => holds)
    .map(({ id }) => id)
}

const weak = { r: 1, w: 1, allowStale: true }
const all: GuaranteeId[] = ['G1', 'G2', 'G5', 'G6', 'G7', 'G8', 'G9']
const withRacy = [...redisCluster(2), racyFacts('keyv:1')]

describe('which guarantees hold', () => {
  test.each<[string, object, readonly ReplicaFacts[], GuaranteeId[]]>([
    ['by default', {}, redisCluster(3), ['G1', 'G2', 'G5', 'G6', 'G7', 'G8', 'G9']],
    ['with monotonic reads', { reads: 'monotonic' }, redisCluster(3), ['G1', 'G2', 'G3', 'G5', 'G6', 'G7', 'G8', 'G9']],
    [
      'when linearizable',
      { consistency: 'linearizable' },
      redisCluster(3),
      ['G1', 'G2', 'G3', 'G4', 'G5', 'G6', 'G7', 'G8', 'G9'],
    ],
    ['with one replica', {}, redisCluster(1), ['G1', 'G2', 'G5', 'G6', 'G7', 'G8', 'G9']],
    ['with weak quorums', weak, redisCluster(3), ['G5', 'G6', 'G7', 'G8', 'G9']],
    ['with weak writes', { w: 1, r: 3, allowStale: true }, redisCluster(3), ['G1', 'G5', 'G6', 'G7', 'G8', 'G9']],
    ['with weak reads', { w: 2, r: 1, allowStale: true }, redisCluster(3), ['G2', 'G5', 'G6', 'G7', 'G8', 'G9']],
    ['with a racy replica', { reads: 'monotonic' }, withRacy, ['G5', 'G6', 'G7', 'G8', 'G9']],
    [
      'with a racy replica that no other process sees',
      {},
      [racyMapFacts('m')],
      ['G1', 'G2', 'G5', 'G6', 'G7', 'G8', 'G9'],
    ],
    ['with sweeps at times of their own', { sweepEveryMs: 0, sweepCron: '@daily' }, redisCluster(3), all],
    ['without a schedule', { sweepEveryMs: 0 }, redisCluster(3), ['G1', 'G2', 'G5', 'G7', 'G8', 'G9']],
    ['with lineages that are assumed', { lineage: 'assumed' }, redisCluster(3), ['G1', 'G2', 'G5', 'G8', 'G9']],
    [
      'with a racy replica in a single process',
      { reads: 'monotonic', singleProcess: true },
      withRacy,
      ['G1', 'G2', 'G3', 'G5', 'G6', 'G7', 'G8', 'G9'],
    ],
  ])('%s', (_, options, replicas, expected) => {
    expect(held(options, replicas)).toEqual(expected)
  })

  test('all nine are there, in order, each with a reason', () => {
    const { entries } = guaranteesOf({}, redisCluster(3))
    expect(entries.map(({ id }) => id)).toEqual(['G1', 'G2', 'G3', 'G4', 'G5', 'G6', 'G7', 'G8', 'G9'])
    expect(entries.every(({ statement, because }) => statement !== '' && because !== '')).toBe(true)
  })
})

describe('which guarantees hold for a view', () => {
  const monotonic = { reads: 'monotonic' }

  test.each<[string, object, object, GuaranteeId[]]>([
    ['that reads and writes as the store does', monotonic, {}, ['G1', 'G2', 'G3', 'G5', 'G6', 'G7', 'G8', 'G9']],
    ['whose own w does not help against that of the store', {}, { r: 1, w: 3 }, ['G2', 'G5', 'G6', 'G7', 'G8', 'G9']],
    ['that reads less in a monotonic store', monotonic, { r: 1 }, ['G2', 'G5', 'G6', 'G7', 'G8', 'G9']],
    ['whose writes the store may miss', monotonic, { r: 3, w: 1 }, ['G1', 'G5', 'G6', 'G7', 'G8', 'G9']],
    [
      'that reads more in a weak store',
      { r: 1, w: 2, allowStale: true },
      { r: 2 },
      ['G1', 'G2', 'G5', 'G6', 'G7', 'G8', 'G9'],
    ],
    ['that is strong by itself in a store of weak writes', weak, { r: 2, w: 2 }, ['G5', 'G6', 'G7', 'G8', 'G9']],
  ])('%s', (_, options, wish, expected) => {
    expect(viewHeld(options, wish)).toEqual(expected)
  })

  test('it says whose w counts, and what the store does not cover', () => {
    expect(viewGuarantees({}, { r: 1, w: 3 }).toString()).toContain('r + w = 3 <= n = 3, with w = 2 of the store')
    expect(viewGuarantees({}, { r: 3, w: 1 }).toString()).toContain('written here with w = 1 is not covered')
  })

  function viewGuarantees(options: object, wish: object) {
    const store = resolveOptions(options, redisCluster(3))
    return describeGuarantees({ ...store, ...wish }, redisCluster(3), store)
  }

  function viewHeld(options: object, wish: object): GuaranteeId[] {
    return viewGuarantees(options, wish)
      .entries.filter(({ holds }) => holds)
      .map(({ id }) => id)
  }
})

describe('what the statement says', () => {
  test('how many replicas may fail', () => {
    expect(guaranteesOf({}, redisCluster(5)).toString()).toContain('f = n - max(r, w) = 5 - 3 = 2')
    expect(guaranteesOf({}, redisCluster(2)).toString()).toContain('= 0: not one replica may be missing')
  })

  test.each<[string, object, readonly ReplicaFacts[], string]>([
    [
      'a file belongs to one host',
      {},
      [redisFacts('a'), sqliteFacts('c')],
      'c (sqlite): shared by the processes of one host',
    ],
    ['memory belongs to one process', {}, [memoryFacts('m')], 'm (memory): private to this process'],
    ['racy replicas are named', {}, withRacy, 'keyv:1 (keyv): racy'],
    ['a permission was given', weak, redisCluster(3), 'allowStale: true was said'],
    ['what nobody gets', {}, redisCluster(3), 'Not promised: atomicity over several keys'],
    ['how often it sweeps', {}, redisCluster(3), 'a sweep runs every 1 h, and over everything every 24 h'],
    ['that every sweep is a whole one', { sweepFullyEveryMs: 0 }, redisCluster(3), 'and over everything each time'],
    ['when it sweeps', { sweepCron: '0 3 * * *' }, redisCluster(3), "a sweep runs at '0 3 * * *'"],
    ['that nobody sweeps', { sweepEveryMs: 0 }, redisCluster(3), 'nobody sweeps unless asked: say store.sweep()'],
    ['that nothing is purged by age', { sweepEveryMs: 0 }, redisCluster(3), 'without one none is purged by age'],
    ['how long tombstones stay', { gcGraceMs: 90_000 }, redisCluster(3), 'tombstones are kept for up to 90 s'],
    ['how a write can be lost', {}, redisCluster(3), 'the event data-may-be-lost says so'],
    [
      'that the emptiness of a wiped replica votes',
      { lineage: 'assumed' },
      redisCluster(3),
      "r + w = 4 > n = 3; but the emptiness of a replica that was wiped votes: lineage: 'assumed'",
    ],
    [
      'that assumed lineages schedule nothing',
      { lineage: 'assumed' },
      redisCluster(3),
      "with lineage: 'assumed' no sweep",
    ],
    [
      'how many hints are kept',
      { hintsMax: 5_000 },
      redisCluster(3),
      'and 5,000 are remembered for one that misses them',
    ],
  ])('%s', (_, options, replicas, expected) => {
    expect(guaranteesOf(options, replicas).toString()).toContain(expected)
  })

  test('it reads as a table', () => {
    expect(guaranteesOf({}, redisCluster(3)).toString().split('\n').slice(0, 6)).toEqual([
      'G1  yes  a read returns the newest acknowledged write, or one newer',
      '         r + w = 4 > n = 3',
      "G2  yes  an acknowledged write is never lost to another writer's or its own slow clock",
      '         2w = 4 > n = 3',
      'G3  NO   reads never go back in time, for all clients together',
      "         reads: 'quorum'; say reads: 'monotonic' for it",
    ])
  })

  test('it cannot be changed', () => {
    const guarantees = guaranteesOf({}, redisCluster(3))
    expect([guarantees, guarantees.entries, guarantees.entries[0], guarantees.notes].every(Object.isFrozen)).toBe(true)
  })
})
