import { afterEach, describe, expect, test } from 'vitest'
import { KeyvQuorum } from '../../src/index.ts'

let store: KeyvQuorum

afterEach(() => store.disconnect())

describe('an added replica', () => {
  test('counts in n at once where lineages are assumed, because its answers do', async () => {
    store = new KeyvQuorum(['memory://a', 'memory://b', 'memory://c'], { lineage: 'assumed' })
    await store.set('ada', 'tea')
    store.addReplica('memory://d')
    expect(String(store.guarantees)).toContain('r + w = 6 > n = 4')
    expect(await store.get('ada')).toBe('tea')
  })

  test('counts in n when it was filled', async () => {
    store = new KeyvQuorum(['memory://a', 'memory://b', 'memory://c'])
    await store.set('ada', 'tea')
    const isFull = new Promise((resolve) => store.once('replica-full', resolve))
    store.addReplica('memory://d')
    expect(String(store.guarantees)).toContain('r + w = 4 > n = 3')
    await isFull
    await expect.poll(() => String(store.guarantees)).toContain('r + w = 6 > n = 4')
    expect((await store.explain('ada')).replicas.at(-1)?.answer).toMatchObject({ kind: 'value' })
  })
})
