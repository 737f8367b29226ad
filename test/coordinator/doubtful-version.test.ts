import { describe, expect, test } from 'vitest'
import { proofOf } from '../../src/coordinator/doubtful-version.ts'
import type { VersionedRecord } from '../../src/core/record.ts'
import { valueAt } from '../conformance/samples.ts'
import { endOf } from '../support/end-of.ts'
import { openScene, type Scene } from '../support/open-store.ts'
import { fates } from '../support/scripted-replica.ts'

const startMs = 1_000
const skewMs = 500
const set = { key: ':k', payload: 's', expiresAtMs: null }

function openHolding(record: VersionedRecord, n = 1): Scene {
  const scene = openScene(n, { maxClockSkewMs: skewMs })
  for (const { store } of scene.replicas) store.place(record)
  return scene
}

describe('what stands in the way of a write', () => {
  test.each([
    ['is believed within the skew allowed', startMs + skewMs, 0],
    ['is read first when it lies further ahead', startMs + skewMs + 1, 1],
  ])('%s', async (_title, atMs, reads) => {
    const scene = openHolding(valueAt(atMs, ':k'))
    await scene.operations.set(set)
    expect(scene.replica(0).callsOf('getMany')).toHaveLength(reads)
    expect(scene.replica(0).store.peek(':k')).toMatchObject({ payload: 's' })
  })

  test('is measured against the version of the write, where that is ahead of the time itself', async () => {
    const scene = openHolding(valueAt(startMs + 400, ':other'))
    await scene.operations.read(':other')
    scene.replica(0).store.place(valueAt(startMs + 400 + skewMs, ':k'))
    await scene.operations.set(set)
    expect(scene.replica(0).callsOf('getMany')).toHaveLength(1)
  })

  test('fails the write at once when it cannot be read', async () => {
    const scene = openHolding(valueAt(startMs + 2 * skewMs, ':k'), 3)
    for (const replica of scene.replicas) replica.fate = ({ method }) => (method === 'getMany' ? fates.refused : {})
    const end = endOf(scene.operations.set(set))
    await scene.time.settle()
    expect(end.error).toMatchObject({ code: 'QUORUM_LOST', outcome: 'not-applied' })
    expect(scene.time.timersPending).toBe(0)
  })
})

test('only a whole record above the one that was put proves its version', () => {
  const put = valueAt(7, ':k')
  expect(proofOf(put, valueAt(8, ':k'))).toEqual(valueAt(8, ':k'))
  const noProofs = [null, valueAt(6, ':k'), put, { kind: 'corrupt', key: ':k', reason: 'damaged' } as const]
  expect(noProofs.map((answer) => proofOf(put, answer))).toEqual([null, null, null, null])
})
