import { expect, test } from 'vitest'
import { endOf } from '../support/end-of.ts'
import { openScene } from '../support/open-store.ts'
import { fates, ScriptedReplica } from '../support/scripted-replica.ts'

test('what a replica misses that was just added is remembered, and no write waits for it', async () => {
  const { engine, operations, time } = openScene(3, { lineage: 'checked', hintsMax: 10 })
  void operations.set({ key: ':before', payload: 's', expiresAtMs: null })
  await time.advance(10)
  const newcomer = new ScriptedReplica('D', time.timers)
  newcomer.fate = ({ method }) => (method === 'putManyIfNewer' ? fates.refused : {})
  engine.addReplica(newcomer)
  const written = endOf(operations.set({ key: ':k', payload: 's', expiresAtMs: null }))
  await time.advance(10)
  expect(written.state).toBe('fulfilled')
  expect(newcomer.callsOf('putManyIfNewer').length).toBeGreaterThan(0)
  expect(engine.replicas.find(({ id }) => id === 'D')?.hints).toBe(1)
})
