import { expect, test } from 'vitest'
import { openScene } from '../support/open-store.ts'

test('a slow read gives a value that was alive when it began, also where it expires before the answers come', async () => {
  const scene = openScene(3)
  const expiresAtMs = scene.time.nowMs + 50
  await scene.operations.set({ key: ':k', payload: '"v"', expiresAtMs })
  for (const replica of scene.replicas) replica.fate = () => ({ back: 100 })

  const reads = [scene.operations.readLive(':k'), scene.operations.isLive(':k')]
  await scene.time.advance(100)
  expect(await Promise.all(reads)).toEqual([expect.objectContaining({ payload: '"v"' }), true])

  const later = [scene.operations.readLive(':k'), scene.operations.isLive(':k')]
  await scene.time.advance(100)
  expect(await Promise.all(later)).toEqual([null, false])
})
