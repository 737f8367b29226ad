import { describe, expect, test } from 'vitest'
import { counted, figures, SweepScene, tombstone, value } from './sweep-scene.ts'

describe('a full sweep', () => {
  test('gives every replica the newest of each key, tombstones included', async () => {
    const scene = new SweepScene()
    scene.place(0, value('one', 10), value('two', 20), value('same', 5))
    scene.place(1, value('one', 11), value('same', 5))
    scene.place(2, tombstone('two', 21, 2_000_000), value('same', 5))
    const outcome = await scene.sweep()

    expect(scene.held('one')).toBe('11 11 11')
    expect(scene.held('two')).toBe('t21 t21 t21')
    expect(outcome.report).toMatchObject({ isComplete: true, differing: 2, left: 0 })
    expect(outcome.report.differingKeys.toSorted()).toEqual(['one', 'two'])
    expect(figures(outcome, 'pulled')).toEqual([2, 1, 1])
    expect(figures(outcome, 'pushed')).toEqual([0, 2, 2])
    expect(outcome.exchanged.get('A')).toEqual(['B', 'C'])
  })

  test('a preview writes nothing, and its figures are those of the sweep that follows', async () => {
    const scene = new SweepScene()
    scene.place(0, value('one', 10))
    scene.place(1, value('one', 11), tombstone('gone', 500))
    scene.place(2, value('gone', 499, 600))
    const preview = await scene.sweep({ preview: true })
    expect(scene.writes).toBe(0)
    expect(preview.exchanged.size).toBe(0)
    expect(preview.positions.size).toBe(0)

    expect(counted(await scene.sweep())).toEqual(counted(preview))
    expect(scene.held('gone')).toBe('- - -')
  })
})
