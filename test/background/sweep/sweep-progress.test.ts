import { describe, expect, test } from 'vitest'
import type { SweepProgress } from '../../../src/background/sweep/sweep-report.ts'
import { SweepScene, tombstone, value } from './sweep-scene.ts'

function sceneWithKeys(keys: number): SweepScene {
  const scene = new SweepScene({ limits: { pageKeysMax: 10, sliceKeys: 50 } })
  for (let number = 0; number < keys; number += 1) {
    scene.place(0, value(`key ${number}`, 10))
    scene.place(1, tombstone(`gone ${number}`, 10))
  }
  return scene
}

describe('the progress of a sweep', () => {
  test('is announced from beginning to end, at most four times a second', async () => {
    const scene = sceneWithKeys(300)
    const beganAtMs = scene.time.nowMs
    const { report } = await scene.sweep({ keysPerSecond: 500 })
    const tookMs = scene.time.nowMs - beganAtMs
    const types = scene.events.map(({ type }) => type)
    expect(types[0]).toBe('sweep-began')
    expect(scene.events[0]).toMatchObject({ replicas: ['A', 'B', 'C'], kind: 'full', isPreview: false })
    expect(scene.events.at(-1)).toEqual({ type: 'sweep-ended', report })
    const told = types.filter((type) => type === 'sweep-progress').length
    expect(told).toBeGreaterThan(3)
    expect(told).toBeLessThanOrEqual(1 + tookMs / 250)
  })

  test('goes through its phases, with cursors that only move on', async () => {
    const scene = sceneWithKeys(300)
    const told: SweepProgress[] = []
    await scene.sweep({ keysPerSecond: 500, onProgress: (progress) => told.push(progress) })
    expect([...new Set(told.map(({ phase }) => phase))]).toEqual(['digests', 'keys', 'purge'])
    const fractions = told.flatMap(({ phase, fraction }) => (phase === 'keys' ? fraction : []))
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b))
    expect(fractions.at(-1)).toBe(1)
    const buckets = told.flatMap(({ cursor }) => cursor?.bucket ?? [])
    expect(new Set(buckets).size).toBeGreaterThan(1)
    expect(buckets).toEqual(buckets.toSorted((a, b) => a - b))
    expect(told.at(-1)?.looked).toBeGreaterThan(900)
  })

  test('ends the sweep when whoever is told throws', async () => {
    const scene = sceneWithKeys(300)
    const onProgress = () => {
      throw new Error('no more')
    }
    await expect(scene.sweep({ onProgress })).rejects.toThrow('no more')
    await scene.time.settle()
    expect(scene.time.timersPending).toBe(0)
  })
})
