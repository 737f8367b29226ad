import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { memoryReplica } from '../../../adapters/memory/memory-replica.ts'
import { ValueError } from '../../../src/errors.ts'
import { KeyvQuorum } from '../../../src/keyv-quorum.ts'
import type { QuorumView } from '../../../src/quorum-view.ts'
import { endingLater } from '../documented-errors.ts'
import { hostileText, hostileValue } from '../hostile-text.ts'
import { assertNothingAdded } from '../prototypes.ts'
import type { FuzzTarget } from '../target.ts'

const neighbourhoods: readonly (string | undefined)[] = [undefined, 'a', 'a:b', '__proto__']
const neighbours = ['k', 'constructor', '__proto__', 'a:k']

const times = fc.constantFrom(undefined, Number.NaN, Number.POSITIVE_INFINITY, 4e12, 1e300, Number.MAX_SAFE_INTEGER)
const names = fc.tuple(fc.oneof(fc.constantFrom('', 'a', 'b'), hostileText), hostileText)

async function settle(store: KeyvQuorum): Promise<void> {
  for (const namespace of neighbourhoods) {
    const view = store.withNamespace(namespace)
    await view.setMany(neighbours.map((key) => ({ key, value: `${namespace} ${key}` })))
  }
}

/** The neighbours that are not the key itself, and not in what was cleared. */
async function assertNeighbours(store: KeyvQuorum, spared: (namespace: string, key: string) => boolean): Promise<void> {
  for (const namespace of neighbourhoods) {
    const held = neighbours.filter((key) => spared(namespace ?? '', key))
    const values = await store.withNamespace(namespace).getMany(held)
    const expected = held.map((key) => `${namespace} ${key}`)
    if (!isDeepStrictEqual(values, expected)) throw new Error(`another key was changed, in namespace ${namespace}`)
  }
}

async function setAndRead(view: QuorumView, key: string, value: unknown, time: number | undefined): Promise<void> {
  const set = await endingLater(() => view.set(key, value, time), [ValueError])
  if ('refusal' in set) return
  const [got, has, many] = await Promise.all([view.get(key), view.has(key), view.getMany([key])])
  if (!has) throw new Error('what was set is not there')
  if (typeof value === 'string' && (got !== value || many[0] !== value)) throw new Error('another value came back')
}

async function assertListed(view: QuorumView, key: string): Promise<void> {
  const found: string[] = []
  for await (const [each] of view.iterator()) found.push(each)
  if (found.filter((each) => each === key).length !== 1) throw new Error('the iterator gives the key once')
}

/** Any namespace, key, value and time through a whole store: they come back, and no other key changes. */
export const storeTarget: FuzzTarget = {
  name: 'store',
  casesPerRound: 150,
  async open() {
    const store = new KeyvQuorum([memoryReplica(), memoryReplica(), memoryReplica()], { keyv: 6, sweepEveryMs: 0 })
    await settle(store)
    const property = fc.asyncProperty(names, hostileValue, times, async ([namespace, key], value, time) => {
      const view = store.withNamespace(namespace)
      const isItself = (ofNamespace: string, other: string) => ofNamespace === namespace && other === key
      await setAndRead(view, key, value, time)
      await assertNeighbours(store, (ofNamespace, other) => !isItself(ofNamespace, other))
      if (await view.has(key)) await assertListed(view, key)
      await view.delete(key)
      if ((await view.get(key)) !== undefined || (await view.has(key))) throw new Error('what was deleted is there')
      await view.clear()
      await assertNeighbours(store, (ofNamespace) => ofNamespace !== namespace)
      assertNothingAdded()
      await settle(store)
    })
    return { property, close: () => store.disconnect() }
  },
}
