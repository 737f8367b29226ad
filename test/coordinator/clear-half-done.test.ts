import { expect, test } from 'vitest'
import { openScene } from '../support/open-store.ts'

test('a clear that fails after some keys were deleted does not say that nothing was applied', async () => {
  const { operations, replicas, time } = openScene(3, { r: 2, w: 2 })
  for (const key of [':a', ':b']) void operations.set({ key, payload: 's', expiresAtMs: null })
  await time.advance(10)
  for (const replica of replicas) {
    replica.pageKeysMax = 1
    replica.fate = (call) => {
      const isSecond = call.method === 'putManyIfNewer' && call.entries.some(({ record }) => record.key === ':b')
      return isSecond ? { failure: { code: 'UNAVAILABLE', isApplied: false } } : {}
    }
  }
  const cleared = operations.clear(':').catch((error: unknown) => error)
  await time.advance(10_000)
  expect(await cleared).toMatchObject({ code: 'QUORUM_LOST', operation: 'clear', outcome: 'unknown' })
  expect(replicas.map(({ store }) => store.peek(':a')?.kind)).toEqual(['tombstone', 'tombstone', 'tombstone'])
})

test('one that fails before any was deleted does', async () => {
  const { operations, replicas, time } = openScene(3, { r: 2, w: 2 })
  void operations.set({ key: ':a', payload: 's', expiresAtMs: null })
  await time.advance(10)
  for (const replica of replicas) {
    replica.fate = ({ method }) =>
      method === 'putManyIfNewer' ? { failure: { code: 'UNAVAILABLE', isApplied: false } } : {}
  }
  const cleared = operations.clear(':').catch((error: unknown) => error)
  await time.advance(10_000)
  expect(await cleared).toMatchObject({ outcome: 'not-applied' })
})
