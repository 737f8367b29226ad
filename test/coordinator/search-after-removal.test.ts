import { expect, test } from 'vitest'
import { openScene } from '../support/open-store.ts'

test.each(['iterate', 'clear'] as const)(
  '%s misses nothing right after a replica was removed that held it',
  async (what) => {
    const { engine, operations, replicas, replica, time } = openScene(3)
    replica(1).fate = () => ({ failure: { code: 'REJECTED', isApplied: false } })
    const set = operations.set({ key: ':a', payload: 's', expiresAtMs: null })
    await time.advance(10)
    await set
    replica(1).fate = () => ({})
    const removed = engine.removeReplica('A')
    await time.advance(10)
    await removed
    const found: string[] = []
    const walk = async () => {
      if (what === 'clear') return operations.clear(':')
      for await (const page of operations.iterate(':', { keysMax: 100, pageKeysMax: 10 })) {
        found.push(...page.map(({ key }) => key))
      }
    }
    const walked = walk()
    await time.advance(1_000)
    await walked
    if (what === 'iterate') expect(found).toEqual([':a'])
    else expect(replicas.slice(1).map(({ store }) => store.peek(':a')?.kind)).toEqual(['tombstone', 'tombstone'])
  },
)
