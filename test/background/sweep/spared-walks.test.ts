import { describe, expect, test } from 'vitest'
import { nowMs, SweepScene, tombstone, value } from './sweep-scene.ts'

/** How often each replica was gone through. */
function walks(scene: SweepScene): number[] {
  return scene.replicas.map(({ calls }) => calls.filter((call) => call.method === 'scan').length)
}

describe('a replica is gone through for the keys of a bucket', () => {
  test('only where those that are known do not make its digest', async () => {
    const scene = new SweepScene()
    scene.place(0, value('k', 107), value('both', 100))
    scene.place(1, value('k', 106), value('both', 100))
    scene.place(2, value('both', 100))
    await scene.sweep()
    expect(walks(scene)).toEqual([1, 0, 0])
    expect([0, 1, 2].map((index) => scene.contents(index))).toEqual(Array(3).fill(scene.contents(0)))
  })

  test('where it holds a key that no other replica does', async () => {
    const scene = new SweepScene()
    scene.place(0, value('k', 107))
    scene.place(2, value('k', 107), value('own', 100))
    await scene.sweep()
    expect(walks(scene)).toEqual([1, 0, 1])
    expect([0, 1, 2].map((index) => scene.contents(index))).toEqual(Array(3).fill(scene.contents(2)))
  })

  test('where it was written to after its digest', async () => {
    const scene = new SweepScene()
    for (const index of [0, 1, 2]) scene.place(index, value('k', 100 + index))
    scene.replica(2).fate = (call) => {
      if (call.method === 'getVersions' && call.keys.includes('k')) scene.place(2, value('k', 109))
      return {}
    }
    await scene.sweep()
    expect(walks(scene)).toEqual([1, 0, 1])
    expect([0, 1].map((index) => scene.contents(index))).toEqual(Array(2).fill(scene.contents(2)))
  })
})

describe('a replica is gone through for what is retired', () => {
  const retirement = { retainedUntilMs: nowMs, diedUntilMs: -1 }

  test('only where its digest left something out', async () => {
    const scene = new SweepScene({ parts: { retirement } })
    for (const index of [0, 1, 2]) scene.place(index, value('k', 100))
    scene.place(1, tombstone('deleted', 100))
    await scene.sweep()
    expect(walks(scene)).toEqual([0, 1, 0])
    expect(scene.contents(1)).toEqual(scene.contents(0))
  })

  test.each(['retired', 'digest'] as const)('where it does not tell: %s', async (lacking) => {
    const scene = new SweepScene({ parts: { retirement }, scripted: [{ lacks: [lacking] }] })
    for (const index of [0, 1, 2]) scene.place(index, tombstone('deleted', 100))
    await scene.sweep()
    expect(scene.contents(0).size).toBe(0)
    expect(walks(scene)).toEqual([lacking === 'digest' ? 2 : 1, 1, 1])
  })

  test('by a sweep that goes on with another one: what was compared then was not looked at now', async () => {
    const scene = new SweepScene({ parts: { retirement } })
    for (const index of [0, 1, 2]) scene.place(index, value('k', 100))
    const replicas = Object.fromEntries(['A', 'B', 'C'].map((id) => [id, `lineage of ${id}`]))
    await scene.sweep({
      resumeFrom: { partition: { partition: 0, of: 1 }, bucket: 1, startedAtMs: 1, replicas, positions: {} },
    })
    expect(walks(scene)).toEqual([1, 1, 1])
  })
})
