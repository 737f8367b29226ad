import { describe, expect, expectTypeOf, it, test } from 'vitest'
import { memoryReplica } from '../../adapters/memory/memory-replica.ts'
import { ReplicaError } from '../../src/errors.ts'
import type { QuorumEvent } from '../../src/events.ts'
import { KeyvQuorum } from '../../src/keyv-quorum.ts'

function storeWithOneDown(): KeyvQuorum {
  const refused = () => Promise.reject(new ReplicaError('UNAVAILABLE', 'connection refused', { replica: 'c' }))
  const c = { ...memoryReplica({ id: 'c' }), getMany: refused, getVersions: refused, putManyIfNewer: refused }
  return new KeyvQuorum([memoryReplica({ id: 'a' }), memoryReplica({ id: 'b' }), c], {
    lineage: 'assumed',
    hintsMax: 0,
  })
}

describe('listening to the store', () => {
  it('tells by type, and everything under event, views included, until told to stop', async () => {
    const store = storeWithOneDown()
    const byType: string[] = []
    const all: string[] = []
    const one: string[] = []
    const listener = (event: QuorumEvent) => all.push(event.type)
    store.on('replica-failure', ({ replica, call }) => byType.push(`${replica} ${call}`))
    store.withNamespace('x').on('event', listener)
    store.once('replica-failure', ({ type }) => one.push(type))
    await store.set('k', 1)
    await expect.poll(() => byType).toEqual(['c putManyIfNewer'])
    expect(all).toContain('replica-failure')
    store.off('event', listener)
    const heardBefore = all.length
    await store.set('k', 2)
    await expect.poll(() => byType).toHaveLength(2)
    expect([all.length, one]).toEqual([heardBefore, ['replica-failure']])
    await store.disconnect()
  })

  test('knows the types of events, and no others', async () => {
    const store = new KeyvQuorum([memoryReplica({ id: 'a' })])
    store.on('replica-down', (event) => {
      expectTypeOf(event.type).toEqualTypeOf<'replica-down'>()
      expectTypeOf(event.error).toEqualTypeOf<ReplicaError>()
    })
    store.on('event', (event) => expectTypeOf(event).toEqualTypeOf<QuorumEvent>())
    store.on('error', (error: Error) => expect.unreachable(error.message))
    for (const type of ['replica-up', 'replica-down'] as const) {
      store.once(type, (event) => expectTypeOf(event.replica).toEqualTypeOf<string>())
    }
    // @ts-expect-error A misspelled type is refused.
    store.on('replcia-down', () => undefined)
    // @ts-expect-error So it is for a listener that is called once.
    store.once('replcia-down', () => undefined)
    // @ts-expect-error And for one that is taken away.
    store.off('replcia-down', () => undefined)
    // @ts-expect-error A listener hears what belongs to the type.
    store.on('replica-up', (event: { readonly type: 'repair' }) => event)
    await store.disconnect()
  })

  test('is typed as Keyv listens to its stores', () => {
    type Listening = (type: 'error', listener: (error: unknown) => void) => unknown
    expectTypeOf<KeyvQuorum['on']>().toExtend<Listening>()
  })
})
