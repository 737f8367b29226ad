import { describe, expect, test } from 'vitest'
import { newValue } from '../../src/core/record.ts'
import { QuorumError } from '../../src/errors.ts'
import { tombstoneAt, versionAt } from '../conformance/samples.ts'
import { endOf } from '../support/end-of.ts'
import { openScene } from '../support/open-store.ts'
import { fates } from '../support/scripted-replica.ts'

describe('a version with none above it', () => {
  const last = { ...newValue(':k', versionAt(7), 's', null), version: 'f'.repeat(28) }

  test('makes a clear fail as any other lost quorum does', async () => {
    const scene = openScene(3)
    for (const { store } of scene.replicas) store.place(last)
    const end = endOf(scene.operations.clear(':'))
    await scene.time.settle()
    expect(end.error).toBeInstanceOf(QuorumError)
    expect(end.error).toMatchObject({ operation: 'clear', outcome: 'not-applied' })
    expect(scene.time.timersPending).toBe(0)
  })

  test('does not keep a write trying', async () => {
    const scene = openScene(3)
    for (const { store } of scene.replicas) store.place(last)
    const end = endOf(scene.operations.delete(':k'))
    await scene.time.settle()
    expect(end.error).toBeInstanceOf(QuorumError)
    expect(scene.replica(0).callsOf('putManyIfNewer')).toHaveLength(1)
  })
})

test('a write that is superseded again and again gives up', async () => {
  const scene = openScene(3)
  let step = 10_000
  for (const replica of scene.replicas) {
    replica.fate = () => {
      step += 1_000
      // Forgotten sooner than what is written, so that it is no substitute.
      replica.store.place(newValue(':k', versionAt(step), 's', 1_500))
      return {}
    }
  }
  const end = endOf(scene.operations.set({ key: ':k', payload: 's', expiresAtMs: null }))
  await scene.time.settle()
  expect(end.error).toMatchObject({ code: 'QUORUM_LOST', outcome: 'unknown' })
  expect((end.error as QuorumError).message).toContain('A REJECTED (newer writes of the key kept getting in the way)')
  expect(scene.replica(0).calls.length).toBeLessThan(20)
  expect(scene.time.timersPending).toBe(0)
})

test('a key named like a property of objects is a key', async () => {
  const scene = openScene(3)
  for (const key of ['__proto__', 'constructor', 'toString', '', 'a\0b', '\ud800', '%', '*']) {
    await scene.view.set(key, `value of ${key}`)
    expect(await scene.view.get(key)).toBe(`value of ${key}`)
    expect(await scene.view.has(key)).toBe(true)
    expect(await scene.view.delete(key)).toBe(true)
    expect(await scene.view.getMany([key, key])).toEqual([undefined, undefined])
  }
})

test('an error names the replicas that failed or owe an answer, and no other', async () => {
  const scene = openScene(5, { deadlineMs: 100, callTimeoutMs: 100 })
  scene.replica(1).fate = () => fates.refused
  scene.replica(2).fate = () => fates.hung
  scene.replica(3).fate = () => fates.rejected
  const end = endOf(scene.operations.set({ key: ':k', payload: 's', expiresAtMs: null }))
  await scene.time.advance(100)
  const { causes } = end.error as QuorumError
  expect([...causes].map(([id, { code }]) => `${id} ${code}`).sort()).toEqual([
    'B UNAVAILABLE',
    'C TIMEOUT',
    'D REJECTED',
  ])
  expect(end.error).toMatchObject({ acked: 2, needed: 3, replicas: 5, outcome: 'unknown' })
})

test('a deletion that meets only tombstones, or nothing, deletes no live value', async () => {
  const scene = openScene(3)
  for (const { store } of scene.replicas) store.place(tombstoneAt(7, ':k'))
  expect(await scene.operations.delete(':k')).toBe(false)
  expect(await scene.operations.delete(':never')).toBe(false)
})
