import { describe, expect, test } from 'vitest'
import type { ReplicaErrorCode } from '../../src/errors.ts'
import { Events, type QuorumEvent } from '../../src/events.ts'
import { withFailureDetector } from '../../src/wrap/detector.ts'
import { endOf } from '../support/end-of.ts'
import { type Fate, fates, ScriptedReplica } from '../support/scripted-replica.ts'
import { namedWriter } from '../support/seeded-random.ts'
import { SimulatedTime } from '../support/simulated-time.ts'

const options = { failuresMax: 3, pauseMinMs: 250, pauseMaxMs: 1_000 }

function scene() {
  const time = new SimulatedTime()
  const inner = new ScriptedReplica('A', time.timers)
  const events = new Events()
  const told: QuorumEvent[] = []
  for (const type of ['replica-up', 'replica-down', 'replica-failure'] as const) {
    events.on(type, (event) => told.push(event))
  }
  const replica = withFailureDetector(inner, time.runtime({ random: namedWriter('a') }), events, options)
  const ask = (lastResort?: boolean) =>
    endOf(replica.getMany([':k'], lastResort === undefined ? { timeoutMs: 100 } : { timeoutMs: 100, lastResort }))
  /** One call after the other meets this fate. */
  const meet = async (fate: Fate, times = 1) => {
    inner.fate = () => fate
    for (let count = 0; count < times; count += 1) {
      ask()
      await time.settle()
    }
  }
  const asked = () => inner.calls.length
  const types = () => told.map(({ type }) => type).filter((type) => type !== 'replica-failure')
  return { time, inner, replica, told, ask, meet, asked, types }
}

const failing = (code: ReplicaErrorCode): Fate => ({ failure: { code, isApplied: false } })

describe('a replica', () => {
  test.each(['UNAVAILABLE', 'TIMEOUT'] as const)(
    'that failed three times in a row with %s is refused at once',
    async (code) => {
      const { time, replica, ask, meet, asked, types } = scene()
      await meet(failing(code), 3)
      expect(replica.condition()).toBe('down')
      const end = ask()
      await time.settle()
      expect(end.error).toMatchObject({ code: 'UNAVAILABLE', reason: 'held to be down, not asked' })
      expect(asked()).toBe(3)
      expect(types()).toEqual(['replica-down'])
    },
  )

  test.each(['REJECTED', 'CORRUPT'] as const)('that answers with %s is alive, whatever came before', async (code) => {
    const { replica, meet } = scene()
    await meet(fates.refused, 2)
    await meet(failing(code), 5)
    await meet(fates.refused, 2)
    expect(replica.condition()).toBe('up')
  })

  test('that was closed by this process is not held to be down', async () => {
    const { replica, meet } = scene()
    await meet(failing('CLOSED'), 5)
    expect(replica.condition()).toBe('up')
  })

  test('that answers now and then is up', async () => {
    const { replica, meet } = scene()
    for (let round = 0; round < 5; round += 1) {
      await meet(fates.refused, 2)
      await meet({})
    }
    expect(replica.condition()).toBe('up')
  })

  test('that is down is probed by one caller at a time, and is back with its first answer', async () => {
    const { time, inner, replica, ask, meet, asked, types } = scene()
    await meet(fates.refused, 3)
    await time.advance(249)
    expect(replica.isWorthAsking()).toBe(false)
    await time.advance(1)
    expect(replica.isWorthAsking()).toBe(true)
    expect(replica.condition()).toBe('down')

    inner.fate = () => fates.held
    const ends = [ask(), ask(), ask()]
    await time.settle()
    expect(asked()).toBe(4)
    expect(ends.map(({ state }) => state)).toEqual(['open', 'rejected', 'rejected'])
    expect([replica.condition(), replica.isWorthAsking()]).toEqual(['probing', false])
    inner.release()
    await time.settle()
    expect(replica.condition()).toBe('up')
    expect(types()).toEqual(['replica-down', 'replica-up'])
  })

  test('that is down lets a last resort through, which is no probe', async () => {
    const { time, inner, replica, ask, meet, asked } = scene()
    await meet(fates.refused, 3)
    ask(true)
    await time.settle()
    expect([asked(), replica.condition()]).toEqual([4, 'down'])
    await time.advance(249)
    expect(replica.isWorthAsking()).toBe(false)
    await time.advance(1)
    expect(replica.isWorthAsking()).toBe(true)

    inner.fate = () => ({})
    ask(true)
    await time.settle()
    expect(replica.condition()).toBe('up')
  })

  test('that is probed stays so when another call, sent before, fails', async () => {
    const { time, inner, replica, ask, meet, asked } = scene()
    inner.fate = () => ({ there: 300, failure: { code: 'TIMEOUT', isApplied: false } })
    ask()
    await meet(fates.refused, 3)
    await time.advance(250)
    inner.fate = () => fates.held
    ask()
    await time.advance(50)
    expect(replica.condition()).toBe('probing')
    ask()
    await time.settle()
    expect(asked()).toBe(5)
    inner.release()
    await time.settle()
    expect(replica.condition()).toBe('up')
  })
})

describe('every failed call', () => {
  test('is announced with what it was', async () => {
    const { meet, told } = scene()
    await meet(fates.rejected)
    expect(told).toEqual([
      {
        type: 'replica-failure',
        replica: 'A',
        call: 'getMany',
        keys: 1,
        error: expect.objectContaining({ code: 'REJECTED' }),
      },
    ])
  })

  test('that was refused here is not: nothing was asked', async () => {
    const { meet, told } = scene()
    await meet(fates.refused, 5)
    expect(told.filter(({ type }) => type === 'replica-failure')).toHaveLength(3)
  })
})
