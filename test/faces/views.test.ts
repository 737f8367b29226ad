import { describe, expect, it } from 'vitest'
import { memoryReplica } from '../../adapters/memory/memory-replica.ts'
import type { QuorumOptions } from '../../src/config.ts'
import { ConfigError, ReplicaError } from '../../src/errors.ts'
import { KeyvQuorum } from '../../src/keyv-quorum.ts'
import type { QuorumView } from '../../src/quorum-view.ts'
import type { Replica } from '../../src/replica.ts'

const ids = ['a', 'b', 'c'] as const
type Id = (typeof ids)[number]

/** A store over three memory replicas, of which any can be cut off and brought back. */
function storeWithCuts(options: QuorumOptions = {}) {
  const cut = new Set<Id>()
  const replicas = ids.map((id) => withCuts(memoryReplica({ id }), () => cut.has(id)))
  const store = new KeyvQuorum(replicas, { lineage: 'assumed', ...options })
  const during = async <Result>(cutOff: readonly Id[], call: () => Promise<Result>): Promise<Result> => {
    for (const id of cutOff) cut.add(id)
    try {
      return await call()
    } finally {
      cut.clear()
    }
  }
  return { store, during }
}

function withCuts(replica: Replica, isCut: () => boolean): Replica {
  const failure = () => new ReplicaError('UNAVAILABLE', 'cut off', { replica: replica.id })
  const unlessCut = <Arguments extends unknown[], Result>(call: (...values: Arguments) => Promise<Result>) => {
    return (...values: Arguments) => (isCut() ? Promise.reject(failure()) : call(...values))
  }
  return {
    ...replica,
    getMany: unlessCut(replica.getMany.bind(replica)),
    getVersions: unlessCut(replica.getVersions.bind(replica)),
    putManyIfNewer: unlessCut(replica.putManyIfNewer.bind(replica)),
  }
}

function held(view: QuorumView): string {
  return view.guarantees.entries
    .filter(({ holds }) => holds)
    .map(({ id }) => id)
    .join(' ')
}

describe('a view with a quorum of its own', () => {
  it('is refused when it could miss what the store acknowledged, however much it writes itself', async () => {
    const { store } = storeWithCuts()
    expect(() => store.withQuorum({ r: 1, w: 3 })).toThrow(ConfigError)
    expect(() => store.withQuorum({ r: 3, w: 1 })).toThrow(ConfigError)
    expect(() => store.withQuorum({ r: 1 })).toThrow(ConfigError)
    await store.disconnect()
  })

  it('misses an acknowledged write only where its guarantees say so', async () => {
    const { store, during } = storeWithCuts()
    await during(['a'], () => store.set('k', 1))
    const weak = store.withQuorum({ r: 1, w: 3, allowStale: true })
    expect(await during(['b', 'c'], () => weak.get('k'))).toBeUndefined()
    expect(held(weak)).toBe('G2 G5 G8 G9')
    expect(await during(['b'], () => store.get('k'))).toBe(1)
    expect(held(store)).toBe('G1 G2 G5 G8 G9')
    await store.disconnect()
  })

  it('reads from one replica and misses nothing when the store writes to all', async () => {
    const { store, during } = storeWithCuts({ w: 3 })
    await store.set('k', 1)
    const quick = store.withQuorum({ r: 1 })
    for (const cutOff of [
      ['a', 'b'],
      ['a', 'c'],
      ['b', 'c'],
    ] as const) {
      expect(await during(cutOff, () => quick.get('k'))).toBe(1)
    }
    expect(held(quick)).toBe('G1 G2 G5 G8 G9')
    expect(() => quick.withQuorum({ w: 2 })).toThrow(ConfigError)
    await store.disconnect()
  })

  it('is held against the store, also as a view of a view', async () => {
    const { store } = storeWithCuts()
    const strict = store.withQuorum({ r: 3, w: 3 })
    expect(() => strict.withQuorum({ r: 1 })).toThrow(ConfigError)
    expect(held(strict.withQuorum({ r: 2 }))).toBe('G1 G2 G5 G8 G9')
    const weak = strict.withQuorum({ r: 1, allowStale: true })
    expect(held(weak)).toBe('G2 G5 G8 G9')
    expect(held(weak.withNamespace('x'))).toBe('G2 G5 G8 G9')
    await store.disconnect()
  })

  it('leaves a view of itself what it was permitted, until that is taken back', async () => {
    const { store } = storeWithCuts()
    const weak = store.withQuorum({ r: 1, allowStale: true })
    expect(weak.withQuorum({ w: 3 }).guarantees.toString()).toContain('allowStale: true was said')
    expect(() => weak.withQuorum({ allowStale: false })).toThrow(ConfigError)
    await store.disconnect()
  })

  it('is never weak over a linearizable store', async () => {
    const { store } = storeWithCuts({ consistency: 'linearizable' })
    for (const wish of [{ r: 1 }, { r: 1, w: 3 }, { r: 3, w: 1 }]) {
      expect(() => store.withQuorum({ ...wish, allowStale: true })).toThrow(ConfigError)
    }
    expect(held(store.withQuorum({ r: 3, w: 3 }))).toBe('G1 G2 G3 G4 G5 G8 G9')
    await store.disconnect()
  })

  it('may go back in time over a monotonic store when it says so, and says it', async () => {
    const { store, during } = storeWithCuts({ reads: 'monotonic' })
    expect(() => store.withQuorum({ r: 1 })).toThrow(ConfigError)
    const weak = store.withQuorum({ r: 1, allowStale: true })
    await during(['a'], () => store.set('k', 1))
    expect(await during(['a'], () => store.get('k'))).toBe(1)
    expect(await during(['b'], () => store.get('k'))).toBe(1)
    expect(held(weak)).toBe('G2 G5 G8 G9')
    expect(held(store)).toBe('G1 G2 G3 G5 G8 G9')
    await store.disconnect()
  })

  it('fails when it wants more answers than there are replicas up', async () => {
    const { store, during } = storeWithCuts()
    await store.set('k', 1)
    const all = store.withQuorum({ r: 3, w: 3 })
    await expect(during(['a'], () => all.get('k'))).rejects.toMatchObject({ code: 'QUORUM_LOST', needed: 3 })
    await expect(during(['a'], () => all.set('k', 2))).rejects.toMatchObject({ code: 'QUORUM_LOST', needed: 3 })
    await store.disconnect()
  })
})
