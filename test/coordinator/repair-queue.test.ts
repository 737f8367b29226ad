import { describe, expect, test } from 'vitest'
import type { Entry } from '../../src/replica.ts'
import { valueAt } from '../conformance/samples.ts'
import { endOf } from '../support/end-of.ts'
import { openScene, type Scene } from '../support/open-store.ts'
import { fates } from '../support/scripted-replica.ts'

function putsTo(scene: Scene, index: number): (readonly Entry[])[] {
  return scene
    .replica(index)
    .callsOf('putManyIfNewer')
    .flatMap((call) => (call.method === 'putManyIfNewer' ? [call.entries] : []))
}

function placeOn(scene: Scene, replicas: readonly number[], step: number, key: string): void {
  for (const index of replicas) scene.replica(index).store.place(valueAt(step, key))
}

describe('repairs', () => {
  test('of one turn travel together, and at most 500 at once', async () => {
    const scene = openScene(3)
    const keys = Array.from({ length: 1_200 }, (_, index) => `:k${index}`)
    for (const key of keys) placeOn(scene, [0, 1], 7, key)
    await scene.operations.readLiveMany(keys)
    await scene.time.settle()
    expect(putsTo(scene, 2).map((entries) => entries.length)).toEqual([500, 500, 200])
  })

  test('of a key that wait are joined: the newest goes', async () => {
    const scene = openScene(3)
    placeOn(scene, [0, 1], 6, ':k')
    placeOn(scene, [0, 1], 6, ':first')
    scene.replica(2).fate = ({ method }) => (method === 'putManyIfNewer' ? fates.held : {})
    await scene.operations.read(':first')
    await scene.time.settle()
    await scene.operations.read(':k')
    await scene.time.settle()
    placeOn(scene, [0, 1], 7, ':k')
    await scene.operations.read(':k')
    await scene.time.settle()
    scene.replica(2).fate = () => ({})
    scene.replica(2).release()
    await scene.time.settle()
    expect(putsTo(scene, 2).map((entries) => entries.map(({ record }) => record))).toEqual([
      [valueAt(6, ':first')],
      [valueAt(7, ':k')],
    ])
  })

  test('mend what could not be read, whichever of the joined ones found that', async () => {
    const scene = openScene(3)
    placeOn(scene, [0, 1], 6, ':first')
    placeOn(scene, [0, 1], 7, ':k')
    placeOn(scene, [2], 6, ':k')
    scene.replica(2).fate = ({ method }) => (method === 'putManyIfNewer' ? fates.held : {})
    await scene.operations.read(':first')
    await scene.time.settle()
    await scene.operations.read(':k')
    await scene.time.settle()
    scene.replica(2).store.place(valueAt(7, ':k'))
    scene.replica(2).store.damage(':k', 'payload')
    await scene.operations.read(':k')
    await scene.time.settle()
    scene.replica(2).fate = () => ({})
    scene.replica(2).release()
    await scene.time.settle()
    expect(putsTo(scene, 2).at(-1)).toMatchObject([{ record: valueAt(7, ':k'), mendsCorrupt: true }])
    expect(scene.replica(2).store.get(':k')).toEqual(valueAt(7, ':k'))
  })

  test('are over when nothing waits and nothing is under way', async () => {
    const scene = openScene(3)
    expect(endOf(scene.engine.repairsDone()).state).toBe('open')
    placeOn(scene, [0, 1], 7, ':k')
    scene.replica(2).fate = ({ method }) => (method === 'putManyIfNewer' ? fates.held : {})
    await scene.operations.read(':k')
    const done = endOf(scene.engine.repairsDone())
    await scene.time.settle()
    expect(done.state).toBe('open')
    scene.replica(2).release()
    await scene.time.settle()
    expect(done.state).toBe('fulfilled')
  })

  test('that a `has` finds are read whole once, however often it finds them', async () => {
    const scene = openScene(3)
    placeOn(scene, [0, 1], 7, ':k')
    const checks = [scene.operations.isLive(':k'), scene.operations.isLive(':k')]
    expect(await Promise.all(checks)).toEqual([true, true])
    await scene.time.settle()
    expect(scene.replica(0).callsOf('getMany')).toHaveLength(1)
    expect(scene.replica(2).store.peek(':k')).toEqual(valueAt(7, ':k'))
  })

  test('that are dropped are announced, with the replica that goes without', async () => {
    const scene = openScene(3, { repairsMax: 1 })
    for (const key of [':a', ':b', ':c']) placeOn(scene, [0, 1], 7, key)
    await Promise.all([':a', ':b', ':c'].map((key) => scene.operations.isLive(key)))
    await scene.time.settle()
    const dropped = scene.events.filter(({ type }) => type === 'dropped')
    expect(dropped).toMatchObject([
      { work: 'repair', replica: 'C', count: 1 },
      { work: 'repair', replica: 'C', count: 1 },
    ])
  })

  test('wait up to a length, and what is longer is dropped', async () => {
    const scene = openScene(3)
    const payload = 'x'.repeat(5_000_000)
    const keys = [':a', ':b', ':c', ':d', ':e']
    for (const key of keys) for (const index of [0, 1]) scene.replica(index).store.place(valueAt(7, key, payload))
    await scene.operations.readLiveMany(keys)
    await scene.engine.repairsDone()
    expect(scene.replica(2).store.keys).toEqual([':a', ':b', ':c'])
    const dropped = scene.events.filter(({ type }) => type === 'dropped')
    expect(dropped).toMatchObject([
      { work: 'repair', replica: 'C', count: 1, reason: '15000000 characters wait for repair already' },
      { work: 'repair', replica: 'C', count: 1 },
    ])
    await scene.operations.readLiveMany(keys)
    await scene.engine.repairsDone()
    expect(scene.replica(2).store.keys).toEqual(keys)
  })

  test('of a replica that is down are dropped one batch after the other, without end or retry', async () => {
    const scene = openScene(3)
    const keys = Array.from({ length: 2_000 }, (_, index) => `:k${index}`)
    for (const key of keys) placeOn(scene, [0, 1], 7, key)
    scene.replica(2).fate = ({ method }) => (method === 'putManyIfNewer' ? fates.refused : {})
    await scene.operations.readLiveMany(keys)
    await scene.engine.repairsDone()
    const counts = scene.events.flatMap((event) => (event.type === 'dropped' ? [event.count] : []))
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(2_000)
  })
})
