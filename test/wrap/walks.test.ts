import { describe, expect, test } from 'vitest'
import { lazyReplica } from '../../adapters/open/lazy-replica.ts'
import { emptyDigest } from '../../src/core/digest.ts'
import { wholeRange } from '../../src/core/hash.ts'
import { Events, type QuorumEvent } from '../../src/events.ts'
import type { Replica } from '../../src/replica.ts'
import { withChecks } from '../../src/wrap/checked.ts'
import { withDeadline } from '../../src/wrap/deadline.ts'
import { withFailureDetector } from '../../src/wrap/detector.ts'
import { withLanes } from '../../src/wrap/lanes.ts'
import { tombstoneAt, valueAt } from '../conformance/samples.ts'
import { endOf } from '../support/end-of.ts'
import { type Fate, fates, ScriptedReplica, type ScriptedReplicaOptions } from '../support/scripted-replica.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { SimulatedTime } from '../support/simulated-time.ts'

const stepTimeoutMs = 100
const retirement = { retainedUntilMs: 0, diedUntilMs: -1 }
const methods = ['digest', 'changes'] as const

type Wrap = (inner: Replica, time: SimulatedTime, events: Events) => Replica

const wraps: readonly (readonly [name: string, wrap: Wrap])[] = [
  ['the checks', (inner) => withChecks(inner)],
  ['the deadline', (inner, time) => withDeadline(inner, time.timers)],
  ['the failure detector', (inner, time, events) => withFailureDetector(inner, runtimeOf(time), events)],
  ['the lanes', (inner, time, events) => withLanes(inner, time.runtime().clock, events)],
]

function loadedLate(inner: Replica, time: SimulatedTime): Replica {
  const { id, guarantees, limits } = inner
  return lazyReplica({ id, guarantees, limits }, async () => () => inner, time.runtime())
}

function runtimeOf(time: SimulatedTime) {
  return time.runtime({ random: seededRandom(1) })
}

function scene(wrap: Wrap, options: ScriptedReplicaOptions = {}) {
  const time = new SimulatedTime()
  const events = new Events()
  const told: QuorumEvent[] = []
  events.on('event', (event) => told.push(event))
  const inner = new ScriptedReplica('A', time.timers, options)
  inner.digestStepRecordsMax = 1
  inner.store.log.stepKeysMax = 1
  const begin = inner.store.log.stepsAfter(null)[0]?.position ?? ''
  for (const key of [':a', ':b', ':c']) inner.store.place(valueAt(7, key))
  return { time, inner, told, begin, replica: wrap(inner, time, events) }
}

/** The steps of a digest, or of all changes. */
function walk(replica: Replica, method: (typeof methods)[number], begin: string): AsyncIterable<unknown> {
  const steps =
    method === 'digest'
      ? replica.digest?.(wholeRange, { stepTimeoutMs, retirement })
      : replica.changes?.(begin, { stepTimeoutMs })
  if (steps === undefined) throw new Error(`there is no ${method}`)
  return steps
}

async function all(steps: AsyncIterable<unknown>): Promise<unknown[]> {
  const given: unknown[] = []
  for await (const step of steps) given.push(step)
  return given
}

describe.each(wraps)('%s', (_name, wrap) => {
  test.each(methods)('give every step of %s as it is', async (method) => {
    const { inner, replica, begin } = scene(wrap)
    const expected = await all(walk(inner, method, begin))
    expect(expected).toHaveLength(3)
    expect(await all(walk(replica, method, begin))).toEqual(expected)
  })

  test.each(methods)('have no %s where the replica has none', async (method) => {
    const { replica } = scene(wrap, { lacks: [method] })
    expect(methods.filter((each) => replica[each] === undefined)).toEqual([method])
  })
})

describe.each(methods)('%s', (method) => {
  const walkOf = (wrap: Wrap, fate: Fate) => {
    const scenery = scene(wrap)
    scenery.inner.fate = () => fate
    return { ...scenery, end: endOf(all(walk(scenery.replica, method, scenery.begin))) }
  }

  test('has its time for every step anew', async () => {
    const { time, end } = walkOf((inner, { timers }) => withDeadline(inner, timers), { back: 90 })
    await time.advance(270)
    expect(end).toMatchObject({ state: 'fulfilled' })
    expect(end.value).toHaveLength(3)
    expect(time.timersPending).toBe(0)
  })

  test('rejects when a step hangs: it never just ends', async () => {
    const { time, end } = walkOf((inner, { timers }) => withDeadline(inner, timers), fates.hung)
    await time.advance(99)
    expect(end.state).toBe('open')
    await time.advance(1)
    expect(end.error).toMatchObject({ code: 'TIMEOUT', replica: 'A' })
    expect(time.timersPending).toBe(0)
  })

  test('that fails is announced, and tells nothing of the requests', async () => {
    const watch: Wrap = (inner, time, events) => withFailureDetector(inner, runtimeOf(time), events)
    const { time, told, end } = walkOf(watch, fates.refused)
    await time.settle()
    expect(end.error).toMatchObject({ code: 'UNAVAILABLE' })
    expect(told).toMatchObject([{ type: 'replica-failure', call: method, error: { code: 'UNAVAILABLE' } }])
  })
})

const senseless: readonly (readonly [what: string, method: (typeof methods)[number], step: unknown])[] = [
  ['nothing', 'digest', undefined],
  ['null', 'digest', null],
  ['sums alone', 'digest', emptyDigest()],
  ['no count', 'digest', { sums: null }],
  ['a count below none', 'digest', { records: -1, sums: null }],
  ['no number', 'digest', { records: Number.NaN, sums: null }],
  ['no sums', 'digest', { records: 1 }],
  ['too few sums', 'digest', { records: 1, sums: emptyDigest().subarray(1) }],
  ['sums in a plain list', 'digest', { records: 1, sums: [...emptyDigest()] }],
  ['null', 'changes', null],
  ['keys alone', 'changes', [':a']],
  ['no position', 'changes', { keys: [':a'] }],
  ['an empty position', 'changes', { keys: [], position: '' }],
  ['a number for a position', 'changes', { keys: [], position: 7 }],
  ['a position that is too long', 'changes', { keys: [], position: '7'.repeat(201) }],
  ['a position beyond ASCII', 'changes', { keys: [], position: '٧' }],
  ['no keys', 'changes', { position: '7' }],
  ['keys that are none', 'changes', { keys: [null], position: '7' }],
]

test.each(senseless)('%s is no step of %s', async (_what, method, step) => {
  const { inner, replica, begin } = scene((honest) => withChecks(honest))
  inner.fate = () => ({ garble: () => [step] })
  await expect(all(walk(replica, method, begin))).rejects.toMatchObject({ code: 'CORRUPT', replica: 'A' })
})

test.each([
  ['digest', { records: 0, sums: null }],
  ['digest', { records: 3, sums: emptyDigest() }],
  ['changes', { keys: [], position: '7'.repeat(200) }],
  ['changes', { keys: [':a', ''], position: '7-1', isGap: true }],
] as const)('a step of %s may be %j', async (method, step) => {
  const { inner, replica, begin } = scene((honest) => withChecks(honest))
  inner.store.wipe()
  inner.store.log.stepKeysMax = 3
  inner.fate = () => ({ garble: () => [step] })
  expect(await all(walk(replica, method, begin))).toEqual([step])
})

describe('a replica that is loaded late', () => {
  test.each(methods)('gives every step of %s as it is', async (method) => {
    const { inner, replica, begin } = scene(loadedLate)
    const expected = await all(walk(inner, method, begin))
    expect(await all(walk(replica, method, begin))).toEqual(expected)
  })

  test('adds up what a scan gives where the adapter has no digest', async () => {
    const { inner, replica } = scene(loadedLate, { lacks: ['digest'] })
    inner.store.place({ ...tombstoneAt(8, ':d'), retainUntilMs: 0 })
    const steps = await all(walk(replica, 'digest', ''))
    const sums = inner.store.digestOf(inner.store.heads(wholeRange), retirement)
    expect(steps.at(-1)).toEqual({ records: 0, sums, retired: 0 })
    expect(sums).not.toEqual(emptyDigest())
  })

  test('has a gap before every position where the adapter has no changes', async () => {
    const { replica } = scene(loadedLate, { lacks: ['changes'] })
    const [now] = await all(replica.changes?.(null, { stepTimeoutMs }) ?? fail())
    expect(now).toEqual({ keys: [], position: 'no log' })
    expect(await all(walk(replica, 'changes', 'no log'))).toEqual([{ keys: [], position: 'no log', isGap: true }])
  })
})

function fail(): never {
  throw new Error('there are no changes')
}
