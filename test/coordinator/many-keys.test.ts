import { describe, expect, test } from 'vitest'
import { QuorumError } from '../../src/errors.ts'
import { endOf } from '../support/end-of.ts'
import { openScene } from '../support/open-store.ts'
import { fates } from '../support/scripted-replica.ts'

/** More than a call can take arguments. */
const many = 200_000

describe('more keys in one turn than a call can take arguments', () => {
  test('are all rejected when their quorum is lost', async () => {
    const scene = openScene(3)
    for (const replica of scene.replicas) replica.fate = () => fates.refused
    const keys = Array.from({ length: many }, (_, index) => `:k${index}`)
    const sets = keys.map((key) => endOf(scene.operations.set({ key, payload: 's', expiresAtMs: null })))
    const reads = keys.map((key) => endOf(scene.operations.read(key)))
    await scene.time.advance(10_000)
    const errors = [...sets, ...reads].map(({ error }) => error)
    expect(errors.every((error) => error instanceof QuorumError)).toBe(true)
    expect(errors[0]).toMatchObject({ operation: 'set', keysFailed: many, outcome: 'not-applied' })
    expect(scene.time.timersPending).toBe(0)
  })

  // Hundreds of thousands of writes: several times ten seconds where the processors have other work.
  test('are acknowledged, but for those that find no room, and of those nothing is written', {
    timeout: 240_000,
  }, async () => {
    const scene = openScene(3)
    const keys = Array.from({ length: many }, (_, index) => `:k${index}`)
    const sets = keys.map((key) => endOf(scene.operations.set({ key, payload: 's', expiresAtMs: null })))
    await scene.time.advance(10_000)
    const written = new Set(scene.replica(2).store.keys)
    const refused = sets.flatMap(({ error }, index) => (error === undefined ? [] : [{ error, key: keys[index] ?? '' }]))
    // As many as there may be in 64 calls of 1,000 keys, and 100,000 that wait.
    expect(refused).toHaveLength(many - 164_000)
    for (const { error, key } of refused)
      expect([error instanceof QuorumError, written.has(key)]).toEqual([true, false])
    expect(written.size).toBe(164_000)
  })
})
