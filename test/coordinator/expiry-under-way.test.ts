import { describe, expect, test } from 'vitest'
import { valueAt } from '../conformance/samples.ts'
import { endOf } from '../support/end-of.ts'
import { openScene } from '../support/open-store.ts'
import { fates } from '../support/scripted-replica.ts'

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

describe('a linearizable read of what expires while it is read is made again', () => {
  async function openReading() {
    const scene = openScene(3, { consistency: 'linearizable', deadlineMs: 1_000, callTimeoutMs: 1_000 })
    const written = scene.operations.set({ key: ':k', payload: '"v"', expiresAtMs: scene.time.nowMs + 50 })
    await scene.time.advance(10)
    await written
    for (const replica of scene.replicas) replica.fate = () => ({ back: 100 })
    const read = endOf(scene.operations.readLive(':k'))
    return { ...scene, read }
  }

  test('and finds nothing, once it has expired', async () => {
    const { time, read } = await openReading()
    await time.advance(100)
    expect(read.state).toBe('open')
    await time.advance(100)
    expect(read).toMatchObject({ state: 'fulfilled', value: null })
  })

  test('or what took its place meanwhile', async () => {
    const { time, read, replicas } = await openReading()
    await time.advance(20)
    for (const { store } of replicas) store.place(valueAt(5_000, ':k'))
    await time.advance(180)
    expect(read).toMatchObject({ state: 'fulfilled', value: { payload: 'payload 5000' } })
  })

  test('within the deadline of the whole', async () => {
    const { time, read, replicas, engine } = await openReading()
    await time.advance(90)
    for (const replica of replicas) replica.fate = () => fates.hung
    await time.advance(engine.options.deadlineMs - 91)
    expect(read.state).toBe('open')
    await time.advance(1)
    expect(read).toMatchObject({ state: 'rejected', error: { code: 'QUORUM_LOST', operation: 'get' } })
  })
})
