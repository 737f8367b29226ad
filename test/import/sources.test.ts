import { EventEmitter } from 'node:events'
import Keyv, { type KeyvStorageAdapter } from 'keyv'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { importFrom } from '../../src/import/import-from.ts'
import { Keyv5 } from './official-stores.ts'
import { type OpenTarget, openTarget } from './target.ts'

let target: OpenTarget
beforeEach(() => {
  target = openTarget()
})
afterEach(() => target.store.disconnect())

const hourMs = 3_600_000

describe.each(['ns', undefined])('a Map in the namespace %s', (namespace) => {
  const options = namespace === undefined ? {} : { namespace }
  const seriesOf = {
    'keyv 5': (store: object) => new Keyv5(store, { namespace: '', ...options }),
    'keyv 6': (store: object) => new Keyv(store as never, options),
  }

  test.each(Object.entries(seriesOf))('that %s filled comes along, from the Map and from the Keyv', async (_, open) => {
    const map = new Map()
    const before = open(map)
    await before.set('k', { n: 1 })
    await before.set('a:b', ':text', hourMs)
    if (namespace !== undefined) await new Keyv5(map, { namespace: 'nsx' }).set('foreign', 1)
    for (const source of [map, before]) {
      expect(await importFrom(source as never, target, options)).toMatchObject({ read: 2, imported: 2 })
    }
    const after = open(target.store.withNamespace(undefined))
    for (const key of ['k', 'a:b']) expect(await after.getRaw(key)).toEqual(await before.getRaw(key))
  })
})

describe('a Keyv that has its own way to write', () => {
  const reversed = (text: string) => [...text].reverse().join('')
  const settings = [
    ['encrypts', { encryption: { encrypt: reversed, decrypt: reversed } }],
    ['compresses', { compression: { compress: reversed, decompress: reversed } }],
    ['does not serialize', { serialization: false as const }],
  ] as const

  test.each(settings)('is read by itself, so that times are known: it %s', async (_, setting) => {
    const before = new Keyv({ ...setting, namespace: 'ns' })
    await before.set('k', { n: 1 }, hourMs)
    expect(await importFrom(before as never, target)).toMatchObject({ imported: 1 })
    const after = new Keyv(target.store.withNamespace(undefined), { ...setting, namespace: 'ns' })
    const raw = await before.getRaw<{ n: number }>('k')
    expect(await after.getRaw('k')).toEqual(raw)
    expect((await target.withNamespace('ns').explain('k')).winner?.expiresAtMs).toBe(
      (raw as { expires: number }).expires,
    )
  })

  test('has entries that its store alone cannot explain: they are skipped', async () => {
    const map = new Map()
    await new Keyv(map, { encryption: { encrypt: reversed, decrypt: reversed } }).set('k', 1)
    expect(await importFrom(map, target)).toMatchObject({ imported: 0, skipped: 1 })
  })
})

class Store extends EventEmitter {
  namespace: string | undefined
  readonly #list: (store: Store) => AsyncGenerator<unknown>

  constructor(list: (store: Store) => AsyncGenerator<unknown>) {
    super()
    this.#list = list
  }

  iterator(): AsyncGenerator<unknown> {
    return this.#list(this)
  }

  async get(): Promise<undefined> {}
  async set(): Promise<void> {}
  async delete(): Promise<boolean> {
    return false
  }
  async clear(): Promise<void> {}
}

describe('a store', () => {
  test('that emits an error and ends its list makes the import fail, and is left without our listener', async () => {
    const store = new Store(async function* (self) {
      yield ['k', '{"value":1}']
      self.emit('error', new Error('cursor lost'))
    })
    await expect(importFrom(store, target)).rejects.toThrow('cursor lost')
    expect(store.listenerCount('error')).toBe(0)
  })

  test('that lists something else than entries makes the import fail', async () => {
    const store = new Store(async function* () {
      yield 'k'
    })
    await expect(importFrom(store, target)).rejects.toThrow('no entry')
  })

  test('that cannot list makes the import fail, behind a Keyv too', async () => {
    const { get, set, delete: remove, clear } = Store.prototype
    const mute = { get, set, delete: remove, clear }
    await expect(importFrom(mute as never, target)).rejects.toMatchObject({ field: 'source' })
    const keyv = new Keyv(mute as unknown as KeyvStorageAdapter)
    await expect(importFrom(keyv as never, target)).rejects.toMatchObject({ field: 'source' })
  })

  test('that belongs to another namespace is refused', async () => {
    const keyv = new Keyv({ namespace: 'one' })
    await expect(importFrom(keyv as never, target, { namespace: 'two' })).rejects.toMatchObject({ field: 'namespace' })
  })
})
