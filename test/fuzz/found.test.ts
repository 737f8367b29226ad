import { describe, expect, test } from 'vitest'
import { memoryReplica } from '../../adapters/memory/memory-replica.ts'
import { Ledger } from '../../src/core/ledger.ts'
import { decodeRecord, encodeRecord, newTombstone, newValue } from '../../src/core/record.ts'
import { timeText } from '../../src/core/version.ts'
import { ReplicaError, thrownText, ValueError } from '../../src/errors.ts'
import { decodePayload, encodePayload } from '../../src/payload.ts'
import { withChecks } from '../../src/wrap/checked.ts'
import { withDeadline } from '../../src/wrap/deadline.ts'
import { putsOf, valueAt, versionAt } from '../conformance/samples.ts'
import { endOf } from '../support/end-of.ts'
import { openScene } from '../support/open-store.ts'
import { ScriptedReplica } from '../support/scripted-replica.ts'
import { SimulatedTime } from '../support/simulated-time.ts'

/** What hostile input has found, case by case. */

/** What can be thrown and not be put into words. */
function wordless(): readonly (readonly [string, unknown])[] {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  const speechless = {
    toString() {
      throw new Error('no words')
    },
  }
  return [
    ['an object without a prototype', Object.create(null)],
    ['an object whose text throws', speechless],
    ['a revoked proxy', proxy],
    ['an error whose message throws', Object.defineProperty(new Error(), 'message', { get: speechless.toString })],
  ]
}

describe('what is thrown and cannot be put into words', () => {
  test.each(wordless())('%s becomes the error of its replica, and the call ends', async (_what, thrown) => {
    const time = new SimulatedTime()
    const inner = new ScriptedReplica('A', time.timers)
    inner.fate = () => ({ throws: thrown })
    const ended = withDeadline(inner, time.timers).lineage({ timeoutMs: 100 })
    await expect(ended).rejects.toMatchObject({ code: 'REJECTED', replica: 'A' })
    await expect(ended).rejects.toBeInstanceOf(ReplicaError)
  })

  test.each(wordless())('%s out of a getter makes a value unsupported', (_what, thrown) => {
    const value = Object.defineProperty({}, 'member', {
      enumerable: true,
      get: () => {
        throw thrown
      },
    })
    expect(() => encodePayload(value)).toThrow(ValueError)
  })

  test('what can be put into words is cut where it would fill a log', () => {
    expect(thrownText(new Error('x'.repeat(10_000)))).toHaveLength(2_001)
  })
})

test.each(['c', 'c/w8=', 'cAAAA', `c${Buffer.from([0xff, 0x0f, 0x22, 0x7f]).toString('base64')}`])(
  'the payload %j, which no clone can be read from, is a value that is not supported',
  (payload) => {
    expect(() => decodePayload(payload)).toThrow(ValueError)
  },
)

describe('a record of the store itself that is damaged in one member tells nothing', () => {
  const observed = (name: string, entry: object) => {
    const ledger = new Ledger()
    ledger.observe([newValue(`\u0001ledger:${name}`, versionAt(1), JSON.stringify(entry), null)])
    return ledger
  }
  const replica = { lineage: 'l', exchangedAtMs: 1, needsSweep: null }
  const sweep = { kind: 'full', sweptAtMs: 1, sweptFullyAtMs: null, positions: {}, purge: null }
  const part = { exchangeBeganAtMs: 1, lineages: {}, full: [], exchanged: {}, positions: {} }

  test('and without the damage it is read', () => {
    expect(observed('replica:A', replica).replica('A')).toEqual(replica)
    expect(observed('sweep', sweep).sweep).toEqual(sweep)
    expect(observed('partition:1:0', part).partitions(1)).toEqual([part])
  })

  test.each([{ needsSweep: [] }, { exchangedAtMs: null }, { lineage: 5 }])('of a replica: %j', (damage) => {
    expect(observed('replica:A', { ...replica, ...damage }).replica('A')).toBeNull()
  })

  test.each([{ kind: 'half' }, { positions: null }, { positions: { a: 1 } }, { purge: {} }, { sweptFullyAtMs: 'x' }])(
    'of a sweep: %j',
    (damage) => {
      expect(observed('sweep', { ...sweep, ...damage }).sweep).toBeNull()
    },
  )

  test.each([{ lineages: null }, { full: [1] }, { exchanged: { a: 'b' } }, { positions: [] }])(
    'of a part of a sweep: %j',
    (damage) => {
      expect(observed('partition:1:0', { ...part, ...damage }).partitions(1)).toEqual([])
    },
  )
})

test.each([(log: string) => `${log}/1.5`, (log: string) => `${log}/1/9`, (log: string) => `${log}/ 2`])(
  'a position that only looks like one of a log in memory is a gap',
  async (distorted) => {
    const replica = memoryReplica()
    await replica.putManyIfNewer(putsOf(valueAt(1, ':a'), valueAt(2, ':b')), { timeoutMs: 100 })
    const after = distorted(await replica.lineage({ timeoutMs: 100 }))
    const steps: unknown[] = []
    for await (const step of replica.changes?.(after, { stepTimeoutMs: 100 }) ?? []) steps.push(step)
    expect(steps).toMatchObject([{ keys: [], isGap: true }])
  },
)

test('times with fractions are rounded up: they would not fit into the text of a record', () => {
  for (const record of [newValue('k', versionAt(1), 's', 1.5), newTombstone('k', versionAt(1), 1.5)]) {
    expect(record.retainUntilMs).toBe(2)
    expect(decodeRecord('k', encodeRecord(record))).toEqual(record)
  }
})

test('a replica that claims to have looked at more than there can be does not keep a sweep waiting', async () => {
  const { engine, time, replica } = openScene(3)
  replica(0).fate = ({ method }) =>
    method === 'digest' ? { garble: () => [{ records: Number.MAX_SAFE_INTEGER, sums: null }] } : {}
  const swept = endOf(engine.sweep())
  await time.advance(60_000)
  expect(swept).toMatchObject({ state: 'fulfilled', value: { isComplete: true } })
})

describe('an answer that makes no sense is a failure of its replica, never what the store goes on with', () => {
  const record = valueAt(7, ':k')
  const { payload: _payload, ...stamp } = record
  const answering = (answer: unknown) => {
    const inner = new ScriptedReplica('A', new SimulatedTime().timers)
    inner.fate = () => ({ garble: () => [answer] })
    return withChecks(inner)
  }
  const senseless = [
    ...['F'.repeat(28), 'z'.repeat(28), Array.from({ length: 28 }, () => '0')].map((version) => ({ version })),
    ...[Number.NaN, -1, 1.5, '5', 2 ** 48, undefined].flatMap((ms) => [{ expiresAtMs: ms }, { retainUntilMs: ms }]),
    { kind: 'banana' },
    { key: null },
  ]

  test.each([...senseless, { payload: 5 }, { payload: '\ud800' }, { payload: 'a\0' }])(
    'a record with %j',
    async (lie) => {
      const answer = answering({ ...record, ...lie }).getMany([':k'], { timeoutMs: 100 })
      await expect(answer).rejects.toMatchObject({ code: 'CORRUPT', replica: 'A' })
    },
  )

  test.each(senseless.filter((lie) => !('key' in lie)))('an outcome with %j', async (lie) => {
    const replaced = { ...stamp, ...lie }
    for (const outcome of [
      { status: 'superseded', by: replaced },
      { status: 'stored', retainUntilMs: 1, replaced },
    ]) {
      const answer = answering(outcome).putManyIfNewer(putsOf(record), { timeoutMs: 100 })
      await expect(answer).rejects.toMatchObject({ code: 'CORRUPT', replica: 'A' })
    }
  })

  test.each(['x'.repeat(1_001), '\ud800', 'a\0b'])('a lineage that is no name', async (lineage) => {
    await expect(answering(lineage).lineage({ timeoutMs: 100 })).rejects.toMatchObject({
      code: 'CORRUPT',
      replica: 'A',
    })
  })

  test('an entry whose members throw', async () => {
    const entry = Object.defineProperty({}, 'key', { get: () => expect.fail('it was looked at') })
    await expect(answering(entry).getMany([':k'], { timeoutMs: 100 })).rejects.toMatchObject({ code: 'CORRUPT' })
  })
})

test('a record of the store itself from the year 9999 moves the clock not without an alarm', async () => {
  const { engine, events, replica } = openScene(3)
  const version = `${timeText(Date.UTC(9999, 0))}${'0'.repeat(16)}`
  replica(0).store.place(Ledger.leaseRecord({ holder: 'h', untilMs: 1 }, version))
  await engine.check()
  expect(events).toContainEqual(expect.objectContaining({ type: 'clock-skew', key: '\u0001ledger:lease', version }))
})
