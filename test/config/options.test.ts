import { describe, expect, test } from 'vitest'
import { parseOptions, resolveOptions } from '../../src/config.ts'
import { configErrorOf, memoryFacts, racyFacts, redisCluster, redisFacts, sqliteFacts } from './facts.ts'

const knownOptions =
  'w, r, allowStale, reads, consistency, singleProcess, deadlineMs, callTimeoutMs, keyv, repairsMax, queuedKeysMax, ' +
  'maxClockSkewMs, lineage, hintsMax, handoffKeysPerSecond, gcGraceMs, sweepEveryMs, sweepCron, sweepFullyEveryMs, ' +
  'sweepKeysPerSecond'
const cronWanted = "a cron expression such as '0 3 * * *', or '' for none, not a string"

describe('options that are wrong by themselves', () => {
  test.each([
    ['a string for options', 'r=1', 'options', 'an object with options, not a string'],
    ['an array for options', [], 'options', 'an object with options, not an array'],
    ['null for options', null, 'options', 'an object with options, not null'],
    [
      'a class instance for options',
      new Map([['w', 1]]),
      'options',
      'an object with options, not an instance of a class',
    ],
    ['a text for a number', { w: '2' }, 'w', 'a whole number of replicas, 1 or more, not a string'],
    ['a fraction', { r: 1.5 }, 'r', 'a whole number of replicas, 1 or more, not 1.5'],
    ['zero', { w: 0 }, 'w', 'a whole number of replicas, 1 or more, not 0'],
    ['NaN', { w: Number.NaN }, 'w', 'a whole number of replicas, 1 or more, not NaN'],
    ['null for a number', { r: null }, 'r', 'a whole number of replicas, 1 or more, not null'],
    ['an unknown kind of read', { reads: 'monotone' }, 'reads', "'quorum' or 'monotonic', not a string"],
    ['an unknown consistency', { consistency: 1 }, 'consistency', "'quorum' or 'linearizable', not 1"],
    ['a word for yes', { allowStale: 'yes' }, 'allowStale', 'true or false, not a string'],
    ['an unknown Keyv series', { keyv: 4 }, 'keyv', "'auto', 5 or 6, not 4"],
    ['no deadline', { deadlineMs: 0 }, 'deadlineMs', 'a whole number of ms from 1 to 2,147,483,647, not 0'],
    [
      'a deadline no timer can hold',
      { deadlineMs: 2 ** 31 },
      'deadlineMs',
      'a whole number of ms from 1 to 2,147,483,647, not 2147483648',
    ],
    [
      'a call longer than its operation',
      { deadlineMs: 500, callTimeoutMs: 501 },
      'callTimeoutMs',
      'at most deadlineMs = 500, not 501',
    ],
    [
      'a call longer than the default deadline',
      { callTimeoutMs: 5001 },
      'callTimeoutMs',
      'at most deadlineMs, by default 5000, not 5001',
    ],
    [
      'an endless queue',
      { queuedKeysMax: Infinity },
      'queuedKeysMax',
      'a whole number of keys from 1 to 100,000,000, not Infinity',
    ],
    ['an unknown way with lineages', { lineage: true }, 'lineage', "'checked' or 'assumed', not true"],
    ['half a hint', { hintsMax: 0.5 }, 'hintsMax', 'a whole number of keys from 0 to 100,000,000, not 0.5'],
    [
      'a handoff that never ends',
      { handoffKeysPerSecond: 0 },
      'handoffKeysPerSecond',
      'a whole number of keys from 1 to 100,000,000, not 0',
    ],
    [
      'a gc grace in which no replica can come back',
      { gcGraceMs: 59_999 },
      'gcGraceMs',
      'a whole number of ms from 60,000 to 31,622,400,000, not 59999',
    ],
    [
      'sweeps back in time',
      { sweepEveryMs: -1 },
      'sweepEveryMs',
      'a whole number of ms from 0 to 31,622,400,000, not -1',
    ],
    [
      'full sweeps that are never due',
      { sweepFullyEveryMs: Infinity },
      'sweepFullyEveryMs',
      'a whole number of ms from 0 to 31,622,400,000, not Infinity',
    ],
    [
      'a sweep that looks at nothing',
      { sweepKeysPerSecond: 0 },
      'sweepKeysPerSecond',
      'a whole number of keys from 1 to 100,000,000, not 0',
    ],
    ['a word for a schedule', { sweepCron: 'hourly' }, 'sweepCron', cronWanted],
    ['a minute that no hour has', { sweepCron: '61 * * * *' }, 'sweepCron', cronWanted],
    ['a point in time for a schedule', { sweepCron: '2030-01-01T00:00:00' }, 'sweepCron', cronWanted],
    ['a day that never comes', { sweepCron: '0 0 30 2 *' }, 'sweepCron', cronWanted],
    ['a year that is over', { sweepCron: '0 0 3 * * * 2020' }, 'sweepCron', cronWanted],
    ['a slip of the keyboard', { deadlnieMs: 5 }, 'deadlnieMs', 'a known option: did you mean deadlineMs?'],
    ['an option without its unit', { callTimeout: 5 }, 'callTimeout', 'a known option: did you mean callTimeoutMs?'],
    ['capital letters', { W: 2 }, 'W', 'a known option: did you mean w?'],
    ['an option that is like none', { x: 2 }, 'x', `a known option, one of ${knownOptions}, not x`],
    [
      'a name that every object has',
      JSON.parse('{"__proto__": {"w": 1}}'),
      '__proto__',
      `a known option, one of ${knownOptions}, not __proto__`,
    ],
    ['a method name', { toString: 1 }, 'toString', `a known option, one of ${knownOptions}, not toString`],
  ])('%s', (_, input, field, expected) => {
    const error = configErrorOf(() => parseOptions(input))

    expect(error).toMatchObject({ code: 'CONFIG_INVALID', field, expected, message: `${field}: expected ${expected}` })
  })

  test('a member that cannot be read', () => {
    const hostile = Object.defineProperty({}, 'w', {
      enumerable: true,
      get() {
        throw new TypeError('no')
      },
    })
    expect(configErrorOf(() => parseOptions(hostile)).field).toBe('options')
  })

  test('all that is wrong is said at once, one a line', () => {
    const error = configErrorOf(() => parseOptions({ w: 'two', R: 1, deadlineMs: -1 }))

    expect(error.field).toBe('w')
    expect(error.message.split('\n')).toEqual([
      'w: expected a whole number of replicas, 1 or more, not a string',
      'R: expected a known option: did you mean r?',
      'deadlineMs: expected a whole number of ms from 1 to 2,147,483,647, not -1',
    ])
  })
})

describe('options that do not fit the replicas', () => {
  const three = redisCluster(3)
  const withRacy = [...redisCluster(2), racyFacts('keyv:1')]
  const withMemory = [redisFacts('redis:1'), memoryFacts('memory:1'), sqliteFacts('c')]

  test.each([
    ['r over n', three, { r: 4 }, 'r', 'a whole number from 1 to n = 3, not 4'],
    ['w over one', redisCluster(1), { w: 2 }, 'w', '1, for there is one replica, not 2'],
    [
      'reads that miss writes',
      three,
      { r: 1 },
      'r',
      'r + w > n, so that every read meets every acknowledged write, but r = 1 and w = 2 make 3, and n = 3: ' +
        'say r: 2, or allowStale: true if reads may miss acknowledged writes',
    ],
    [
      'writes that reads miss',
      redisCluster(5),
      { w: 1 },
      'w',
      'r + w > n, so that every read meets every acknowledged write, but r = 3 and w = 1 make 4, and n = 5: ' +
        'say r: 3 and w: 3, or allowStale: true if reads may miss acknowledged writes',
    ],
    [
      'writes that miss each other',
      three,
      { w: 1, r: 3 },
      'w',
      '2w > n, so that every two writes meet at a replica and none is lost to a slow clock, but w = 1 and n = 3: ' +
        'say w: 2, or allowStale: true if acknowledged writes may be lost',
    ],
    [
      'linearizable over weak quorums, whatever else is allowed',
      three,
      { consistency: 'linearizable', allowStale: true, r: 1, w: 2 },
      'consistency',
      "'quorum' with r = 1, w = 2 and n = 3, because 'linearizable' needs r + w > n and 2w > n, whatever allowStale says",
    ],
    [
      'linearizable over a racy replica',
      withRacy,
      { consistency: 'linearizable' },
      'consistency',
      "'quorum' with keyv:1 (keyv), because 'linearizable' needs atomic replicas, and a write there is read, compare, write",
    ],
    [
      'monotonic reads over weak quorums',
      three,
      { reads: 'monotonic', allowStale: true, r: 1, w: 1 },
      'reads',
      "'quorum' with r = 1, w = 1 and n = 3, because 'monotonic' needs r + w > n, whatever allowStale says",
    ],
    [
      'memory beside shared backends',
      withMemory,
      {},
      'replicas[1]',
      'a backend that other processes see too, like redis:1 (redis), not memory:1 (memory), private to this process: ' +
        'say singleProcess: true if only one process uses the store',
    ],
    [
      'one server listed twice',
      [redisFacts('a'), redisFacts('b'), redisFacts('a')],
      {},
      'replicas[2].id',
      'an id of its own, but replicas[0] is a too: list each server once, or give each an `id`',
    ],
    ['no replicas', [], {}, 'replicas', 'at least one replica, not an empty list'],
  ])('%s', (_, replicas, options, field, expected) => {
    const error = configErrorOf(() => resolveOptions(options, replicas))

    expect(error).toMatchObject({ field, expected, message: `${field}: expected ${expected}` })
  })
})

describe('options filled in', () => {
  test('every default', () => {
    expect(resolveOptions({}, redisCluster(3))).toEqual({
      n: 3,
      r: 2,
      w: 2,
      reads: 'quorum',
      consistency: 'quorum',
      allowStale: false,
      singleProcess: false,
      deadlineMs: 5000,
      callTimeoutMs: 2000,
      keyv: 'auto',
      repairsMax: 10_000,
      queuedKeysMax: 100_000,
      maxClockSkewMs: 60_000,
      lineage: 'checked',
      hintsMax: 100_000,
      handoffKeysPerSecond: 10_000,
      gcGraceMs: 259_200_000,
      sweepEveryMs: 3_600_000,
      sweepCron: '',
      sweepFullyEveryMs: 86_400_000,
      sweepKeysPerSecond: 50_000,
    })
  })

  test('nothing at all counts as no options, and undefined as left out', () => {
    expect(resolveOptions(undefined, redisCluster(3))).toEqual(resolveOptions({ w: undefined }, redisCluster(3)))
  })

  test.each([
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 3],
  ])('%i replicas have a majority of %i', (n, majority) => {
    expect(resolveOptions({}, redisCluster(n))).toMatchObject({ n, r: majority, w: majority })
  })

  test('calls are never longer than a short deadline', () => {
    expect(resolveOptions({ deadlineMs: 300 }, redisCluster(1)).callTimeoutMs).toBe(300)
  })

  test('the result cannot be changed', () => {
    expect(Object.isFrozen(resolveOptions({}, redisCluster(3)))).toBe(true)
  })

  test.each([
    ['weak quorums, when stale reads are allowed', redisCluster(3), { r: 1, w: 1, allowStale: true }],
    ['memory beside others, in a single process', [redisFacts('a'), memoryFacts('b')], { singleProcess: true }],
    ['memory alone', [memoryFacts('a'), memoryFacts('b')], {}],
    ['a file of this host beside servers', [redisFacts('a'), sqliteFacts('b')], {}],
    ['sweeps at night', redisCluster(3), { sweepCron: '0 3 * * *' }],
    ['sweeps by a name', redisCluster(3), { sweepCron: '@daily' }],
    ['no schedule at all', redisCluster(3), { sweepEveryMs: 0, sweepCron: '' }],
    ['racy replicas, without linearizability', [redisFacts('a'), racyFacts('b')], { reads: 'monotonic' }],
  ])('%s are accepted', (_, replicas, options) => {
    expect(resolveOptions(options, replicas)).toMatchObject(options)
  })
})
