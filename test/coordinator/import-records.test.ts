import { expect, test } from 'vitest'
import { valueAt } from '../conformance/samples.ts'
import { endOf } from '../support/end-of.ts'
import { openScene } from '../support/open-store.ts'
import { fates } from '../support/scripted-replica.ts'

const [older, held, newer] = [valueAt(6, ':k'), valueAt(7, ':k'), valueAt(8, ':k')]

test('a record is imported where nothing or something older is held, and kept out by the same or something newer', async () => {
  const scene = openScene(3)
  for (const { store } of scene.replicas) {
    store.place(valueAt(7, ':same'))
    store.place(valueAt(7, ':older'))
    store.place(valueAt(7, ':newer'))
  }
  const imported = await scene.operations.importRecords([
    valueAt(5, ':none'),
    valueAt(7, ':same'),
    valueAt(8, ':older'),
    valueAt(6, ':newer'),
  ])
  expect(imported).toEqual(['imported', 'kept', 'imported', 'kept'])
  const found = [':none', ':same', ':older', ':newer'].map((key) => scene.replica(2).store.peek(key))
  expect(found).toEqual([valueAt(5, ':none'), valueAt(7, ':same'), valueAt(8, ':older'), valueAt(7, ':newer')])
  const puts = scene.replica(0).callsOf('putManyIfNewer')
  expect(puts.flatMap((call) => (call.method === 'putManyIfNewer' ? call.entries.length : []))).toEqual([2])
})

test('nothing is put where everything is held already', async () => {
  const scene = openScene(3)
  for (const { store } of scene.replicas) store.place(held)
  expect(await scene.operations.importRecords([older])).toEqual(['kept'])
  await scene.time.settle()
  expect(scene.replica(0).callsOf('putManyIfNewer')).toEqual([])
  expect(scene.time.timersPending).toBe(0)
})

test('what supersedes an imported record meanwhile acknowledges it: it is not tried again with a later version', async () => {
  const scene = openScene(3)
  for (const replica of scene.replicas) {
    replica.fate = ({ method }) => {
      if (method === 'putManyIfNewer') replica.store.place(newer)
      return {}
    }
  }
  expect(await scene.operations.importRecords([held])).toEqual(['imported'])
  expect(scene.replicas.map(({ store }) => store.peek(':k'))).toEqual([newer, newer, newer])
})

test('an import reads heads alone, and puts nothing back on the way', async () => {
  const scene = openScene(3, { reads: 'monotonic' })
  scene.replica(0).store.place(held)
  for (const index of [1, 2]) scene.replica(index).store.place(older)
  expect(await scene.operations.importRecords([older])).toEqual(['kept'])
})

test.each(['getVersions', 'putManyIfNewer'] as const)('an import fails when %s finds no quorum', async (refused) => {
  const scene = openScene(3)
  for (const index of [0, 1]) scene.replica(index).fate = ({ method }) => (method === refused ? fates.refused : {})
  const end = endOf(scene.operations.importRecords([held]))
  await scene.time.settle()
  expect(end.error).toMatchObject({ code: 'QUORUM_LOST', operation: 'set' })
})
