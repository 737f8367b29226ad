import { describe, expect, test } from 'vitest'
import { newTombstone, newValue } from '../../src/core/record.ts'
import { numberedKeys, valueAt, versionAt } from '../conformance/samples.ts'
import { fates } from '../support/scripted-replica.ts'
import { HandoffScene } from './handoff-scene.ts'

const someKeys = (count: number) => numberedKeys(count).map((key) => valueAt(7, key))
const longMs = 60_000

describe('a handoff', () => {
  test('gives at most 500 keys at once, one batch at a time, and at most so many a second', async () => {
    const scene = new HandoffScene({ keysPerSecond: 1_000 })
    scene.miss(someKeys(5_000))
    await scene.time.advance(3_000)
    expect(scene.c.store.keys).toHaveLength(3_000)
    await scene.time.advance(2_000)
    expect(scene.c.store.keys).toHaveLength(5_000)
    expect(new Set(scene.puts.map(({ length }) => length))).toEqual(new Set([500]))
    expect(scene.c.callsUnderWayMax).toBe(1)
  })

  test('of a slow replica has one batch under way, whatever is missed meanwhile', async () => {
    const scene = new HandoffScene()
    scene.c.fate = () => ({ back: 900 })
    scene.miss(someKeys(2_000))
    for (let round = 0; round < 30; round += 1) {
      await scene.time.advance(100)
      scene.miss([valueAt(7, ':more')])
    }
    expect([scene.c.callsUnderWayMax, scene.puts.length]).toEqual([1, 4])
  })

  test('of few keys a second gives no more than those at once', async () => {
    const scene = new HandoffScene({ keysPerSecond: 3 })
    scene.miss(someKeys(6))
    await scene.time.advance(100)
    expect(scene.c.store.keys).toHaveLength(3)
    await scene.time.advance(1_000)
    expect(scene.c.store.keys).toHaveLength(6)
  })

  test('of large values takes fewer keys at once', async () => {
    const scene = new HandoffScene()
    scene.miss(numberedKeys(1_000).map((key) => valueAt(7, key, 'x'.repeat(80_000))))
    await scene.time.advance(longMs)
    expect(scene.puts.map(({ length }) => length).slice(0, 3)).toEqual([500, 50, 50])
    expect(scene.c.store.keys).toHaveLength(1_000)
  })

  test('without a quorum of the others keeps the hints, and tries again after growing pauses', async () => {
    const scene = new HandoffScene()
    scene.hasQuorum = false
    scene.miss([valueAt(7, ':a')])
    await scene.time.advance(600_000)
    expect(scene.reads.length).toBeGreaterThan(10)
    expect(scene.reads.length).toBeLessThan(40)
    expect([scene.puts, scene.hints.size('C')]).toEqual([[], 1])
    scene.hasQuorum = true
    await scene.time.advance(30_000)
    expect(scene.c.store.keys).toEqual([':a'])
    expect(scene.time.timersPending).toBe(0)
  })

  test('delivers what is missed anew while it is under way', async () => {
    const scene = new HandoffScene()
    scene.c.fate = () => fates.heldBack
    scene.miss([valueAt(7, ':a')])
    await scene.time.advance(100)
    scene.miss([valueAt(8, ':a')])
    scene.answer()
    scene.c.release()
    await scene.time.advance(1_000)
    expect(scene.c.store.peek(':a')).toEqual(valueAt(8, ':a'))
  })
})

describe('what is dead', () => {
  const tombstone = (retainUntilMs: number) => ({ ...newTombstone(':k', versionAt(900), 900), retainUntilMs })

  test('travels as long as it has to be kept', async () => {
    const scene = new HandoffScene()
    const expired = newValue(':expired', versionAt(900), 'x', 1_000)
    scene.miss([tombstone(50_000), { ...expired, retainUntilMs: 50_000 }])
    await scene.time.advance(100)
    expect(scene.c.store.peek(':k')).toEqual(tombstone(50_000))
    expect(scene.c.store.keys).toHaveLength(2)
  })

  test.each([
    ['past its retention', { ...newTombstone(':k', versionAt(100_000), 100_000), retainUntilMs: 100_000 }],
    ['dead for gc grace', { ...newTombstone(':k', versionAt(1), 1), retainUntilMs: 10_000_000 }],
  ])('and %s goes only where something older is held', async (_, retired) => {
    const held = valueAt(0, ':k')
    const scene = new HandoffScene()
    await scene.time.advance(150_000)
    scene.miss([retired, valueAt(7, ':other')])
    await scene.time.advance(100)
    expect(scene.c.store.keys).toEqual([':other'])

    scene.c.store.place(held)
    scene.miss([retired])
    await scene.time.advance(100)
    expect(scene.c.store.peek(':k')).toMatchObject({ kind: 'tombstone', version: retired.version })
  })

  test('and purged everywhere is nothing to deliver: a hint that outlives gc grace does no harm', async () => {
    const scene = new HandoffScene()
    await scene.takeDown()
    scene.miss([valueAt(7, ':k')])
    scene.c.store.place(valueAt(6, ':k'))
    scene.others.wipe()
    await scene.time.advance(200_000)
    scene.answer()
    await scene.time.advance(longMs)
    expect(scene.reads).toEqual([[':k']])
    expect(scene.puts).toEqual([])
    expect([scene.others.keys, scene.hints.size('C')]).toEqual([[], 0])
    expect(scene.eventsOf('handoff')).toEqual([{ type: 'handoff', replica: 'C', keys: 1, stored: 0 }])
  })
})
