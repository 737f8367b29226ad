import { expect, test } from 'vitest'
import { isRetired } from '../../src/core/retirement.ts'
import { valueAt } from '../conformance/samples.ts'
import { openScene } from '../support/open-store.ts'

const dayMs = 86_400_000

test('the tombstone over a record older than gc grace is young: it is not purged while a replica is away', async () => {
  const scene = openScene(3)
  await scene.time.advance(30 * dayMs)
  for (const { store } of scene.replicas) store.place(valueAt(5, ':old'))
  const cleared = scene.operations.clear(':')
  await scene.time.advance(1_000)
  await cleared
  const nowMs = scene.time.nowMs
  for (const { store } of scene.replicas) {
    const held = store.peek(':old')
    expect(held).toMatchObject({ kind: 'tombstone' })
    expect(held !== null && isRetired(held, { retainedUntilMs: nowMs, diedUntilMs: nowMs - 3 * dayMs })).toBe(false)
  }
})
