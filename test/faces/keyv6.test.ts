import { Keyv, KeyvMemoryAdapter } from 'keyv'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { KeyvQuorum } from '../../src/keyv-quorum.ts'
import { backdrops } from './stores.ts'

/** What keyv 6 asks of a first-class store, over every backdrop: no suite for it is published yet. */
describe.each(backdrops)('under keyv 6 over $name', (backdrop) => {
  let ready: Awaited<ReturnType<typeof backdrop.prepare>>
  let shared: KeyvQuorum
  let keyv: Keyv
  beforeAll(async () => {
    ready = await backdrop.prepare()
    shared = ready.open()
  })
  afterAll(() => ready.close())
  beforeEach(async () => {
    keyv = new Keyv(shared.withNamespace(undefined))
    await keyv.clear()
  })

  it('is taken as it is, without a bridge or a fallback', () => {
    const store = shared.withNamespace('x')
    expect(new Keyv(store).store).toBe(store)
  })

  it('sets, gets, tells and deletes', async () => {
    expect(await keyv.set('foo', { bar: [1, null, 'ü'] })).toBe(true)
    expect(await keyv.get('foo')).toEqual({ bar: [1, null, 'ü'] })
    expect(await keyv.has('foo')).toBe(true)
    expect(await keyv.delete('foo')).toBe(true)
    expect(await keyv.delete('foo')).toBe(false)
    expect(await keyv.get('foo')).toBeUndefined()
    expect(await keyv.has('foo')).toBe(false)
  })

  it('keeps false, null, 0 and the empty string apart from nothing', async () => {
    for (const value of [false, null, 0, '']) {
      await keyv.set('foo', value)
      expect(await keyv.get('foo')).toBe(value)
      expect(await keyv.has('foo')).toBe(true)
    }
  })

  it('answers batches in their order, with a boolean for each entry', async () => {
    const entries = Array.from({ length: 500 }, (_, index) => ({ key: `key ${index}`, value: index }))
    expect(await keyv.setMany(entries)).toEqual(entries.map(() => true))
    const keys = [...entries.map(({ key }) => key).reverse(), 'missing']
    expect(await keyv.getMany(keys)).toEqual([...entries.map(({ value }) => value).reverse(), undefined])
    expect(await keyv.hasMany(['key 1', 'missing', 'key 2'])).toEqual([true, false, true])
    expect(await keyv.deleteMany(['key 1', 'missing', 'key 1', 'key 2'])).toEqual([true, false, false, true])
    expect(await keyv.hasMany(['key 1', 'key 2', 'key 3'])).toEqual([false, false, true])
  })

  it('takes expiry as an absolute time, and never hands out a value past it', async () => {
    const store = shared.withNamespace(undefined)
    expect(new Keyv(store).store.capabilities?.expires).toBe(true)
    await store.set('past', 'x', Date.now() - 1)
    await store.set('future', 'x', Date.now() + 60_000)
    await store.set('never', 'x')
    expect(await store.getMany(['past', 'future', 'never'])).toEqual([undefined, 'x', 'x'])
    expect(await store.hasMany(['past', 'future', 'never'])).toEqual([false, true, true])
    const keys: string[] = []
    for await (const [key] of store.iterator()) keys.push(key)
    expect(keys.sort()).toEqual(['future', 'never'])
  })

  it('lets a value go when its ttl is over', async () => {
    await keyv.set('foo', 'bar', 40)
    await expect.poll(() => keyv.get('foo')).toBeUndefined()
  })

  it('iterates over every key once, in its namespace only', async () => {
    const other = new Keyv(shared.withNamespace(undefined), { namespace: 'other' })
    await other.set('foreign', 1)
    await keyv.setMany([
      { key: 'a', value: 1 },
      { key: 'b', value: 2 },
      { key: 'c', value: 3 },
    ])
    await keyv.delete('b')
    const seen: [string, unknown][] = []
    for await (const entry of keyv.iterator()) seen.push(entry)
    expect(seen.sort()).toEqual([
      ['a', 1],
      ['c', 3],
    ])
    await other.clear()
  })

  it('keeps namespaces apart, whatever characters they hold', async () => {
    const names = [
      'a',
      'a:b',
      'a::b',
      'a%',
      '%',
      '*',
      'a\u0001c',
      'a\0',
      '__proto__',
      '\ud800',
      '\ud801',
      'ä',
      'a\u0308',
    ]
    const keyvs = names.map((namespace) => new Keyv(shared.withNamespace(undefined), { namespace }))
    await Promise.all(keyvs.map((each, index) => each.set('b:key', names[index])))
    expect(await Promise.all(keyvs.map((each) => each.get('b:key')))).toEqual(names)
    for (const [index, each] of keyvs.entries()) {
      await each.clear()
      const left = await Promise.all(keyvs.map((one) => one.has('b:key')))
      expect(left).toEqual(names.map((_, other) => other > index))
    }
  })

  it.each([
    'a'.repeat(300),
    'with\0nul',
    '%',
    '*?[a-z]',
    'a::b',
    '__proto__',
    'constructor',
    '\ud800',
    '\udfff x',
    ' ',
    '😀',
  ])('treats %j as just a key', async (key) => {
    await keyv.set(key, 'odd')
    await keyv.set(`${key}!`, 'other')
    expect(await keyv.getMany([key, `${key}!`])).toEqual(['odd', 'other'])
    const keys: string[] = []
    for await (const [each] of keyv.iterator()) keys.push(each)
    expect(keys.sort()).toEqual([key, `${key}!`].sort())
    expect(await keyv.delete(key)).toBe(true)
    expect(await keyv.has(`${key}!`)).toBe(true)
  })

  it('gives values back as they went in when Keyv does not serialize', async () => {
    const raw = new Keyv(shared.withNamespace('raw'), { serialization: false })
    const value = {
      map: new Map([[1, new Set(['x'])]]),
      date: new Date(0),
      buffer: Buffer.from([0, 255]),
      big: 10n ** 30n,
      nothing: undefined,
      text: '\ud800\0',
    }
    await raw.set('foo', value)
    expect(await raw.get('foo')).toEqual(value)
    await raw.set('foo', 'plain\0text')
    expect(await raw.get('foo')).toBe('plain\0text')
    await expect(raw.set('foo', () => 1)).rejects.toMatchObject({ code: 'VALUE_UNSUPPORTED' })
    expect(await raw.get('foo')).toBe('plain\0text')
  })

  it('stores a megabyte', async () => {
    const value = 'x'.repeat(1_000_000)
    await keyv.set('large', value)
    expect(await keyv.get('large')).toBe(value)
  })

  it('reads what another store over the same replicas wrote', async () => {
    const elsewhere = new Keyv(ready.open())
    await keyv.set('foo', 'bar')
    expect(await elsewhere.get('foo')).toBe('bar')
    await elsewhere.set('foo', 'baz')
    expect(await keyv.get('foo')).toBe('baz')
  })

  it('answers what the memory adapter of keyv itself answers', async () => {
    const official = new Keyv(new KeyvMemoryAdapter(new Map()))
    const script = async (each: Keyv) => [
      await each.set('a', 1),
      await each.setRaw('b', { value: 2, expires: Date.now() + 60_000 }),
      await each.getRaw('a'),
      await each.getManyRaw(['a', 'c']),
      await each.deleteMany(['a', 'c']),
      await each.get(['a', 'b']),
      await each.hasMany([]),
      await each.getMany([]),
      await each.setMany([]),
      await each.clear(),
      await each.has('b'),
    ]
    expect(await script(keyv)).toEqual(await script(official))
  })
})
