import { expect, test } from 'vitest'
import { valueAt } from '../conformance/samples.ts'
import { openScene } from '../support/open-store.ts'

const options = { lineage: 'checked', sweepEveryMs: 0 } as const

test('parts of a sweep that workers share count as one exchange when the last of them is done, and not before', async () => {
  const scene = openScene(3, options)
  const settle = async <Answer>(work: Promise<Answer>): Promise<Answer> => {
    await scene.time.advance(20_000)
    return work
  }
  await settle(scene.engine.check())
  for (let key = 0; key < 50; key += 1) scene.replica(key % 3).store.place(valueAt(key + 1, `:k${key}`))
  const exchangedBefore = scene.engine.replicas.map(({ exchangedAtMs }) => exchangedAtMs)
  const beganAtMs = scene.time.nowMs

  for (const partition of [2, 0, 3]) {
    const report = await settle(scene.engine.sweep({ partition: { partition, of: 4 } }))
    expect(report.isComplete).toBe(true)
    expect(scene.engine.replicas.map(({ exchangedAtMs }) => exchangedAtMs)).toEqual(exchangedBefore)
  }
  expect(await settle(scene.engine.lastSweep())).toBeNull()
  await settle(scene.engine.sweep({ partition: { partition: 1, of: 4 } }))

  expect(await settle(scene.engine.lastSweep())).toMatchObject({ kind: 'full', sweptFullyAtMs: beganAtMs })
  expect(scene.engine.replicas.map(({ exchangedAtMs }) => exchangedAtMs)).toEqual([beganAtMs, beganAtMs, beganAtMs])
  for (const { store } of scene.replicas) {
    expect(store.keys.filter((key) => key.startsWith(':')).length).toBe(50)
  }
})
