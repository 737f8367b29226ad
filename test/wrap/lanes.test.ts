import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Events, type QuorumEvent } from '../../src/events.ts'
import type { CallOptions, Replica, ReplicaLimits } from '../../src/replica.ts'
import { type LanesOptions, withLanes } from '../../src/wrap/lanes.ts'
import { putsOf, valueAt } from '../conformance/samples.ts'
import { type End, endOf } from '../support/end-of.ts'
import { type Fate, fates, type ScriptedCall, ScriptedReplica } from '../support/scripted-replica.ts'
import { SimulatedTime } from '../support/simulated-time.ts'

const given: CallOptions = { timeoutMs: 100 }

function scene(limits: Partial<ReplicaLimits> = {}, options: LanesOptions = {}) {
  const time = new SimulatedTime()
  const inner = new ScriptedReplica('A', time.timers, {
    limits: { batchKeysMax: 10, callsInFlightMax: 1, ...limits },
  })
  const events = new Events()
  const told: QuorumEvent[] = []
  events.on('event', (event) => told.push(event))
  const replica = withLanes(inner, time.runtime().clock, events, options)
  /** Lets held calls go on, and what follows from it happen. */
  const goOn = async (count?: number) => {
    await time.settle()
    inner.release(count)
    await time.settle()
  }
  return { time, inner, replica, told, goOn }
}

function keysOf(call: ScriptedCall | undefined): readonly string[] {
  if (call?.method === 'putManyIfNewer') return call.entries.map(({ record }) => record.key)
  return call?.method === 'getMany' || call?.method === 'getVersions' ? call.keys : []
}

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `:k${index}`)

describe('requests', () => {
  test('go out at once while there is room, and wait when there is not', async () => {
    const { inner, replica, goOn } = scene({ callsInFlightMax: 2 })
    inner.fate = () => fates.held
    for (const key of numbered(5)) endOf(replica.getMany([key], given))
    expect(inner.calls.map(keysOf)).toEqual([[':k0'], [':k1']])
    await goOn(1)
    expect(inner.calls.map(keysOf)).toEqual([[':k0'], [':k1'], [':k2', ':k3', ':k4']])
    await goOn()
    expect(inner.callsUnderWay).toBe(0)
  })

  test('that wait travel together, as many as fit a call', async () => {
    const { inner, replica, goOn } = scene({ batchKeysMax: 4 })
    inner.fate = () => fates.held
    const ends = [['x'], ['a', 'b'], ['b', 'c'], ['d', 'e', 'f'], ['g']].map((keys) =>
      endOf(replica.getMany(keys, given)),
    )
    inner.fate = () => ({})
    await goOn()
    expect(inner.calls.map(keysOf)).toEqual([['x'], ['a', 'b', 'c'], ['d', 'e', 'f', 'g']])
    expect(ends.map(({ value }) => value?.length)).toEqual([1, 2, 2, 3, 1])
  })

  test('of each kind get their turn, also while those of another never pause', async () => {
    const { inner, replica, goOn } = scene()
    inner.fate = () => fates.held
    endOf(replica.putManyIfNewer(putsOf(valueAt(0, 'a')), given))
    for (let round = 1; round <= 4; round += 1) {
      endOf(replica.putManyIfNewer(putsOf(valueAt(round, 'a')), given))
      endOf(replica.getMany(['a'], given))
      endOf(replica.getVersions(['a'], given))
      await goOn(1)
    }
    const methods = inner.calls.map(({ method }) => method)
    expect(methods.slice(1, 4).sort()).toEqual(['getMany', 'getVersions', 'putManyIfNewer'])
    await goOn()
    await goOn()
    await goOn()
  })

  test('of more keys than fit a call are cut, and answered as one', async () => {
    const { time, inner, replica } = scene({ batchKeysMax: 2, callsInFlightMax: 2 })
    for (const [index, key] of numbered(5).entries()) inner.store.place(valueAt(index, key))
    const end = endOf(replica.getMany(numbered(5), given))
    await time.settle()
    expect(inner.calls.map((call) => keysOf(call).length)).toEqual([2, 2, 1])
    expect(end.value?.map((answer) => answer?.key)).toEqual(numbered(5))
  })

  test('to write are cut by the length of their payloads, and a record beyond it goes alone', async () => {
    const { time, inner, replica } = scene({ callsInFlightMax: 9 }, { batchLengthMax: 10 })
    const lengths = [4, 6, 1, 25, 5, 5, 5]
    const records = lengths.map((length, index) => valueAt(7, `:k${index}`, 'x'.repeat(length)))
    const end = endOf(replica.putManyIfNewer(putsOf(...records), given))
    await time.settle()
    expect(inner.calls.map((call) => keysOf(call).length)).toEqual([2, 1, 1, 2, 1])
    expect(end.value).toHaveLength(lengths.length)
  })

  test('to write that wait travel together as far as the length of their payloads allows', async () => {
    const { inner, replica, goOn } = scene({}, { batchLengthMax: 10 })
    inner.fate = () => fates.held
    for (const [index, length] of [1, 4, 6, 5, 30, 2].entries())
      endOf(replica.putManyIfNewer(putsOf(valueAt(7, `:k${index}`, 'x'.repeat(length))), given))
    await goOn()
    inner.fate = () => ({})
    await goOn()
    expect(inner.calls.map((call) => keysOf(call).length)).toEqual([1, 2, 1, 1, 1])
  })

  test('of none are answered without asking', async () => {
    const { inner, replica } = scene()
    expect(await replica.getMany([], given)).toEqual([])
    expect(await replica.putManyIfNewer([], given)).toEqual([])
    expect(inner.calls).toEqual([])
  })

  test('to write go before requests to read', async () => {
    const { inner, replica, goOn } = scene()
    inner.fate = () => fates.held
    endOf(replica.getMany(['x'], given))
    endOf(replica.getVersions(['v'], given))
    endOf(replica.getMany(['r'], given))
    endOf(replica.putManyIfNewer(putsOf(valueAt(7, 'w')), given))
    inner.fate = () => ({})
    await goOn()
    expect(inner.calls.map(({ method }) => method)).toEqual(['getMany', 'putManyIfNewer', 'getMany', 'getVersions'])
  })

  test('that fail together fail each', async () => {
    const { inner, replica, goOn } = scene()
    inner.fate = () => fates.held
    const first = endOf(replica.getMany(['x'], given))
    inner.fate = () => fates.refused
    const ends = ['a', 'b'].map((key) => endOf(replica.getMany([key], given)))
    await goOn()
    expect(first.state).toBe('fulfilled')
    expect(ends).toMatchObject([{ error: { code: 'UNAVAILABLE' } }, { error: { code: 'UNAVAILABLE' } }])
  })

  test('whose time was over while they waited are not sent, and certainly changed nothing', async () => {
    const { time, inner, replica, goOn } = scene()
    inner.fate = () => fates.held
    endOf(replica.getMany(['x'], given))
    const late = endOf(replica.putManyIfNewer(putsOf(valueAt(7, 'late')), given))
    await time.advance(50)
    const early = endOf(replica.putManyIfNewer(putsOf(valueAt(7, 'early')), given))
    await time.advance(50)
    inner.fate = () => ({})
    await goOn()
    expect(late.error).toMatchObject({ code: 'UNAVAILABLE', reason: 'not sent: earlier calls took all its time' })
    expect(early.state).toBe('fulfilled')
    expect(inner.calls.map(keysOf)).toEqual([['x'], ['early']])
  })

  test('that may wait longer than their call may take do', async () => {
    const { time, inner, replica, goOn } = scene()
    inner.fate = () => fates.held
    endOf(replica.getMany(['x'], given))
    const patient = endOf(replica.getMany(['y'], { timeoutMs: 100, queueMs: 500 }))
    await time.advance(499)
    inner.fate = () => ({})
    await goOn()
    expect(patient.state).toBe('fulfilled')
  })

  test('keep the longest time and the most urgent need of those that they travel with', async () => {
    const { inner, replica, goOn } = scene()
    inner.fate = () => fates.held
    endOf(replica.getMany(['x'], given))
    endOf(replica.getMany(['a'], { timeoutMs: 30 }))
    endOf(replica.getMany(['b'], { timeoutMs: 70, lastResort: true }))
    await goOn()
    expect(inner.calls.at(-1)?.options).toMatchObject({ timeoutMs: 70, lastResort: true })
  })
})

describe('a full queue', () => {
  test('refuses what does not fit, announces it, and has room again later', async () => {
    const { time, inner, replica, told, goOn } = scene({}, { queuedKeysMax: 3 })
    inner.fate = () => fates.held
    const ends = [['x'], ['a', 'b'], ['c', 'd'], ['e'], ['f']].map((keys) => endOf(replica.getMany(keys, given)))
    await time.settle()
    expect(ends.map(({ state }) => state)).toEqual(['open', 'open', 'rejected', 'open', 'rejected'])
    expect(ends[2]?.error).toMatchObject({ code: 'UNAVAILABLE', reason: '3 entries wait for it already' })
    expect(told).toMatchObject([
      { type: 'dropped', work: 'call', replica: 'A', count: 2 },
      { type: 'dropped', work: 'call', replica: 'A', count: 1 },
    ])
    inner.fate = () => ({})
    await goOn()
    expect(ends.map(({ state }) => state)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'rejected'])

    inner.fate = () => fates.held
    const later = ['x', 'a', 'b', 'c', 'd'].map((key) => endOf(replica.getMany([key], given)))
    await time.settle()
    expect(later.map(({ state }) => state)).toEqual(['open', 'open', 'open', 'open', 'rejected'])
  })

  test('by length refuses what does not fit, takes what does, and one of any length when nothing else waits', async () => {
    const { time, inner, replica, told, goOn } = scene({}, { queuedLengthMax: 10 })
    inner.fate = () => fates.held
    const put = (length: number, index: number) =>
      endOf(replica.putManyIfNewer(putsOf(valueAt(7, `:k${index}`, 'x'.repeat(length))), given))
    const ends = [1, 6, 5, 4, 1].map(put)
    const read = endOf(replica.getMany([':k'], given))
    await time.settle()
    expect(ends.map(({ state }) => state)).toEqual(['open', 'open', 'rejected', 'open', 'rejected'])
    expect(read.state).toBe('open')
    expect(ends[2]?.error).toMatchObject({ code: 'UNAVAILABLE', reason: '6 characters wait for it already' })
    expect(told.map(({ type }) => type)).toEqual(['dropped', 'dropped'])
    inner.fate = () => ({})
    await goOn()

    inner.fate = () => fates.held
    const later = [1, 50, 1].map(put)
    await time.settle()
    expect(later.map(({ state }) => state)).toEqual(['open', 'open', 'rejected'])
  })
})

describe('a request that was cut', () => {
  async function cut(fateOf: (call: number) => Fate, options: LanesOptions = {}) {
    const { time, inner, replica } = scene({ batchKeysMax: 1 }, options)
    inner.fate = () => fateOf(inner.calls.length)
    const end = endOf(replica.putManyIfNewer(putsOf(...numbered(3).map((key) => valueAt(7, key))), given))
    await time.settle()
    return end.error
  }

  test('and of which a part was refused may have been applied', async () => {
    expect(await cut((call) => (call === 2 ? fates.refused : {}))).toMatchObject({
      code: 'TIMEOUT',
      reason: 'only a part of the request was sent',
      cause: { code: 'UNAVAILABLE' },
    })
    expect(await cut(() => ({}), { queuedKeysMax: 1 })).toMatchObject({ code: 'TIMEOUT' })
  })

  test('and was refused in every part was certainly not applied', async () => {
    expect(await cut(() => fates.refused)).toMatchObject({ code: 'UNAVAILABLE' })
  })

  test('fails with what is least certain', async () => {
    expect(await cut((call) => (call === 3 ? fates.rejected : fates.refused))).toMatchObject({ code: 'REJECTED' })
  })
})

test('whatever comes, calls and queue keep to their limits, everyone is answered what was asked, and nothing is left', async () => {
  const step = fc.record({
    method: fc.constantFrom('getMany', 'getVersions', 'putManyIfNewer'),
    keys: fc.uniqueArray(fc.nat({ max: 9 }), { minLength: 1, maxLength: 9 }),
    way: fc.constantFrom<Fate>({}, { back: 5 }, { there: 30 }, { back: 130 }, fates.refused, fates.answerLost),
    pauseMs: fc.constantFrom(0, 0, 1, 10, 40),
  })
  const limits = fc.record({
    batchKeysMax: fc.integer({ min: 1, max: 6 }),
    callsInFlightMax: fc.integer({ min: 1, max: 3 }),
  })
  await fc.assert(
    fc.asyncProperty(limits, fc.array(step, { maxLength: 25 }), async (limit, steps) => {
      const { time, inner, replica } = scene(limit, { queuedKeysMax: 15 })
      const fatesInOrder = steps.map(({ way }) => way)
      inner.fate = () => fatesInOrder[inner.calls.length % steps.length] ?? {}
      const ends: [readonly string[], End<Answers>][] = []
      for (const [index, { method, keys, pauseMs }] of steps.entries()) {
        const texts = keys.map((key) => `:${key}`)
        ends.push([texts, endOf<Answers>(request(replica, method, texts, index))])
        await time.advance(pauseMs)
      }
      await time.advance(10_000)
      expect(inner.callsUnderWayMax).toBeLessThanOrEqual(limit.callsInFlightMax)
      for (const call of inner.calls) expect(keysOf(call).length).toBeLessThanOrEqual(limit.batchKeysMax)
      for (const [keys, end] of ends) {
        expect(end.state).not.toBe('open')
        for (const [index, answer] of end.value?.entries() ?? []) {
          if (answer !== null && 'key' in answer) expect(answer.key).toBe(keys[index])
        }
      }
      expect([inner.callsUnderWay, time.timersPending]).toEqual([0, 0])
      await expectRoom(inner, replica, time, limit.callsInFlightMax + 15)
    }),
    { numRuns: 150 },
  )
})

type Answers = readonly ({ readonly key: string } | { readonly status: string } | null)[]

function request(replica: Replica, method: string, keys: readonly string[], step: number): Promise<Answers> {
  if (method === 'getMany') return replica.getMany(keys, given)
  if (method === 'getVersions') return replica.getVersions(keys, given)
  return replica.putManyIfNewer(putsOf(...keys.map((key) => valueAt(step, key))), given)
}

/** As many single requests as there were at the beginning fit, and not one more. */
async function expectRoom(inner: ScriptedReplica, replica: Replica, time: SimulatedTime, count: number): Promise<void> {
  inner.fate = () => fates.held
  const ends = Array.from({ length: count + 1 }, (_, index) => endOf(replica.getMany([`:${index}`], given)))
  await time.settle()
  expect(ends.filter(({ state }) => state === 'rejected')).toHaveLength(1)
}
