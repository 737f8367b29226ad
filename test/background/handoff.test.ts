import { describe, expect, test } from 'vitest'
import { numberedKeys, valueAt } from '../conformance/samples.ts'
import { fates } from '../support/scripted-replica.ts'
import { HandoffScene } from './handoff-scene.ts'

const someKeys = (count: number) => numberedKeys(count).map((key) => valueAt(7, key))
const longMs = 60_000

describe('a replica that was down', () => {
  test('is given the newest of what it missed once it is up, and nothing before', async () => {
    const scene = new HandoffScene()
    await scene.takeDown()
    scene.miss([valueAt(6, ':a'), valueAt(6, ':b'), valueAt(6, ':c')])
    scene.others.place(valueAt(7, ':a'))
    scene.c.store.place(valueAt(8, ':b'))
    await scene.time.advance(longMs)
    expect(scene.puts).toEqual([])
    expect(scene.reads).toEqual([])

    scene.answer()
    await scene.time.advance(longMs)
    expect(scene.reads).toEqual([[':a', ':b', ':c']])
    expect([':a', ':b', ':c'].map((key) => scene.c.store.peek(key))).toEqual([
      valueAt(7, ':a'),
      valueAt(8, ':b'),
      valueAt(6, ':c'),
    ])
    expect(scene.eventsOf('handoff')).toEqual([{ type: 'handoff', replica: 'C', keys: 3, stored: 2 }])
    expect([scene.hints.size('C'), scene.time.timersPending]).toEqual([0, 0])
  })

  test('is found by probes of the handoff while nobody else asks: one at a time, five seconds apart at most', async () => {
    const scene = new HandoffScene()
    await scene.takeDown()
    scene.miss([valueAt(7, ':a')])
    await scene.time.advance(longMs)
    // 250, 500, 1,000, 2,000, 4,000 ms, then every 5,000.
    expect(scene.c.calls).toHaveLength(15)
    expect(new Set(scene.c.calls.map(({ method }) => method))).toEqual(new Set(['getVersions']))
    expect(scene.time.timersPending).toBe(1)
    scene.answer()
    await scene.time.advance(5_100)
    expect(scene.c.store.peek(':a')).toEqual(valueAt(7, ':a'))
  })

  test('and hangs is probed one call after the other', async () => {
    const scene = new HandoffScene()
    await scene.takeDown()
    scene.c.fate = () => fates.hung
    scene.miss([valueAt(7, ':a')])
    await scene.time.advance(longMs)
    expect(scene.c.callsUnderWayMax - scene.c.callsHung).toBeLessThanOrEqual(1)
    expect(scene.c.callsHung).toBeLessThan(15)
    scene.answer()
    await scene.time.advance(6_000)
    expect(scene.puts).toHaveLength(1)
  })

  test('is asked for its lineage by the probe, so that it counts again at once', async () => {
    const scene = new HandoffScene({ checksLineage: true })
    await scene.takeDown()
    scene.miss([valueAt(7, ':a')])
    scene.answer()
    await scene.time.advance(longMs)
    expect(scene.lineagesAsked).toBe(1)
    expect(scene.c.callsOf('getVersions')).toEqual([])
    expect(scene.puts).toHaveLength(1)
  })

  test('and has a probe under way gets no other, whatever it misses meanwhile', async () => {
    const scene = new HandoffScene()
    await scene.takeDown()
    scene.c.fate = () => fates.hung
    scene.miss([valueAt(7, ':a')])
    await scene.time.advance(300)
    scene.miss([valueAt(7, ':b')])
    // The time of the call under way.
    expect(scene.time.timersPending).toBe(1)
  })

  test('and missed nothing is not probed, nor one whose hints were forgotten', async () => {
    const scene = new HandoffScene()
    await scene.takeDown()
    expect(scene.time.timersPending).toBe(0)
    scene.miss([valueAt(7, ':a')])
    scene.hints.clear('C')
    await scene.time.advance(1_000)
    expect([scene.c.calls, scene.time.timersPending]).toEqual([[], 0])
  })

  test('only after it needed a sweep is probed for that', async () => {
    const scene = new HandoffScene({ keysMax: 2 })
    scene.miss(someKeys(3))
    await scene.time.advance(1_000)
    await scene.takeDown()
    scene.answer()
    await scene.time.advance(1_000)
    expect(scene.condition).toBe('up')
  })

  test('is probed for the sake of a sweep too, when its hints were dropped', async () => {
    const scene = new HandoffScene({ keysMax: 2 })
    await scene.takeDown()
    scene.miss(someKeys(3))
    expect(scene.hints.size('C')).toBe(0)
    scene.answer()
    await scene.time.advance(longMs)
    expect([scene.condition, scene.puts.length, scene.time.timersPending]).toEqual(['up', 0, 0])
  })

  test('is found by the foreground as well', async () => {
    const scene = new HandoffScene()
    await scene.takeDown()
    scene.miss([valueAt(7, ':a')])
    await scene.time.advance(10_000)
    scene.answer()
    while (scene.condition !== 'up') {
      await scene.time.advance(100)
      await scene.ask()
    }
    await scene.time.advance(100)
    expect(scene.puts).toHaveLength(1)
    expect(scene.time.timersPending).toBe(0)
  })

  test('and is removed from the store is forgotten', async () => {
    const scene = new HandoffScene()
    await scene.takeDown()
    scene.miss([valueAt(7, ':a')])
    scene.isMember = false
    scene.handoff.remove('C')
    scene.handoff.add('C', [':b'])
    scene.answer()
    await scene.time.advance(longMs)
    expect([scene.hints.size('C'), scene.c.calls.length, scene.time.timersPending]).toEqual([0, 0, 0])
  })

  test('may go down again half-way: what it has not got it gets the next time', async () => {
    const scene = new HandoffScene()
    await scene.takeDown()
    const records = someKeys(1_200)
    scene.miss(records)
    scene.c.fate = (call) => (call.method === 'putManyIfNewer' && scene.puts.length > 1 ? fates.refused : {})
    await scene.time.advance(5_000)
    expect(scene.c.store.keys).toHaveLength(500)
    scene.c.fate = () => fates.refused
    for (let call = 0; call < 3; call += 1) await scene.ask()
    await scene.time.advance(longMs)
    const puts = scene.puts.length
    await scene.time.advance(longMs)
    expect([scene.puts.length - puts, scene.hints.size('C')]).toEqual([0, 700])
    scene.answer()
    await scene.time.advance(longMs)
    expect(scene.c.store.keys).toHaveLength(1_200)
    expect(scene.eventsOf('dropped')).toEqual([])
  })
})

describe('a replica that is up, and failed one call', () => {
  test('is given what it missed without having been down', async () => {
    const scene = new HandoffScene()
    scene.miss([valueAt(7, ':a')])
    scene.miss([valueAt(7, ':b')])
    await scene.time.settle()
    expect(scene.puts).toEqual([])
    await scene.time.advance(100)
    expect(scene.puts.map((entries) => entries.length)).toEqual([2])
    expect(scene.c.calls).toHaveLength(1)
    expect(scene.time.timersPending).toBe(0)
  })

  test('and goes on failing at puts alone is asked less and less often', async () => {
    const scene = new HandoffScene()
    scene.c.fate = ({ method }) => (method === 'putManyIfNewer' ? fates.rejected : {})
    scene.miss([valueAt(7, ':a')])
    await scene.time.advance(10_000)
    const first = scene.puts.length
    await scene.time.advance(600_000)
    expect(first).toBeLessThan(8)
    // Every 30 s in the end.
    expect(scene.puts.length - first).toBeLessThan(24)
    scene.answer()
    await scene.time.advance(30_000)
    expect(scene.c.store.keys).toEqual([':a'])
  })

  test('and goes down before it got what it missed is not even read for', async () => {
    const scene = new HandoffScene()
    scene.miss([valueAt(7, ':a')])
    await scene.takeDown()
    await scene.time.advance(longMs)
    expect(scene.reads).toEqual([])
  })

  test('in a put that never ends is given up after the time of a call', async () => {
    const scene = new HandoffScene()
    scene.c.fate = ({ method }) => (method === 'putManyIfNewer' ? fates.hung : {})
    scene.miss([valueAt(7, ':a')])
    await scene.time.advance(100)
    expect(scene.puts).toHaveLength(1)
    await scene.time.advance(1_000)
    expect(scene.hints.size('C')).toBe(1)
    scene.answer()
    await scene.time.advance(1_000)
    expect(scene.c.store.keys).toEqual([':a'])
  })

  test('at one key alone gets all the others', async () => {
    const scene = new HandoffScene()
    scene.c.fate = (call) => {
      const isTooLarge = call.method === 'putManyIfNewer' && call.entries.some(({ record }) => record.key === ':large')
      return isTooLarge ? fates.rejected : {}
    }
    scene.miss([valueAt(7, ':large'), ...someKeys(2_000)])
    await scene.time.advance(longMs)
    expect(scene.c.store.keys).toHaveLength(2_000)
    expect(scene.hints.take('C', 9)).toEqual([':large'])
  })
})
