import { describe, expect, test } from 'vitest'
import { numberedKeys, valueAt } from '../conformance/samples.ts'
import { endOf } from '../support/end-of.ts'
import { fates } from '../support/scripted-replica.ts'
import { HandoffScene } from './handoff-scene.ts'

const someKeys = (count: number) => numberedKeys(count).map((key) => valueAt(7, key))
const closed = 'the store was closed'

describe('a store that is closed', () => {
  test('delivers all it can first, and is done at once then', async () => {
    const scene = new HandoffScene()
    scene.miss(someKeys(700))
    const end = endOf(scene.handoff.finish(5_000))
    await scene.time.advance(200)
    expect(end.value).toEqual(new Map())
    expect(scene.c.store.keys).toHaveLength(700)
    expect([scene.eventsOf('dropped'), scene.time.timersPending]).toEqual([[], 0])
  })

  test('tells what is left when the time is over', async () => {
    const scene = new HandoffScene({ keysPerSecond: 1_000 })
    scene.miss(someKeys(5_000))
    const end = endOf(scene.handoff.finish(2_200))
    await scene.time.advance(2_199)
    expect(end.state).toBe('open')
    await scene.time.advance(1)
    expect(end.value).toEqual(new Map([['C', 2_500]]))
    expect(scene.eventsOf('dropped')).toEqual([
      { type: 'dropped', work: 'hint', replica: 'C', count: 2_500, reason: closed },
    ])
    await scene.time.advance(10_000)
    expect([scene.c.store.keys.length, scene.hints.size('C'), scene.time.timersPending]).toEqual([2_500, 0, 0])
  })

  test.each([
    ['is applied', fates.held],
    ['fails', { there: 'until released', ...fates.refused }],
  ] as const)(
    'counts a batch that is under way at the end as left, and is done with it when it %s',
    async (_, fate) => {
      const scene = new HandoffScene()
      scene.c.fate = () => fate
      scene.miss([valueAt(7, ':a'), valueAt(7, ':b')])
      const end = endOf(scene.handoff.finish(500))
      await scene.time.advance(500)
      expect(end.value).toEqual(new Map([['C', 2]]))
      scene.c.release()
      await scene.time.advance(5_000)
      expect([scene.hints.size('C'), scene.time.timersPending]).toEqual([0, 0])
    },
  )

  test('waits neither for a replica that is down nor for one that fails', async () => {
    for (const isDown of [true, false]) {
      const scene = new HandoffScene()
      if (isDown) await scene.takeDown()
      else scene.c.fate = () => fates.rejected
      scene.miss([valueAt(7, ':a')])
      const end = endOf(scene.handoff.finish(5_000))
      await scene.time.advance(1)
      expect(end.value).toEqual(new Map([['C', 1]]))
      expect(scene.time.timersPending).toBe(0)
    }
  })

  test('does not wait for a lost quorum either', async () => {
    const scene = new HandoffScene()
    scene.hasQuorum = false
    scene.miss([valueAt(7, ':a')])
    const end = endOf(scene.handoff.finish(5_000))
    await scene.time.advance(1)
    expect(end.value).toEqual(new Map([['C', 1]]))
  })

  test('ends a pause after a failure: there is no later', async () => {
    const scene = new HandoffScene()
    scene.hasQuorum = false
    scene.miss([valueAt(7, ':a')])
    await scene.time.advance(10_000)
    scene.hasQuorum = true
    const end = endOf(scene.handoff.finish(5_000))
    await scene.time.advance(1)
    expect(end.value).toEqual(new Map())
    expect(scene.c.store.keys).toEqual([':a'])
  })

  test('takes no hints afterwards, and hears of no replica', async () => {
    const scene = new HandoffScene()
    await scene.takeDown()
    scene.handoff.stop()
    scene.miss([valueAt(7, ':a')])
    scene.answer()
    await scene.time.advance(10_000)
    await scene.ask()
    expect([scene.hints.size('C'), scene.puts, scene.time.timersPending]).toEqual([0, [], 0])
    expect(await scene.handoff.finish(100)).toEqual(new Map())
  })
})
