import { setTimeout as sleep } from 'node:timers/promises'
import Keyv from 'keyv'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ConfigError } from '../../src/errors.ts'
import { ImportError } from '../../src/import/import-error.ts'
import { importFrom } from '../../src/import/import-from.ts'
import type { ImportEntry } from '../../src/import/import-source.ts'
import type { ImportProgress } from '../../src/import/import-tally.ts'
import { type OpenTarget, openTarget } from './target.ts'

const hourMs = 3_600_000

let target: OpenTarget
let keyv: Keyv

beforeEach(() => {
  target = openTarget()
  keyv = new Keyv(target.store.withNamespace(undefined), { namespace: 'ns' })
})
afterEach(() => target.store.disconnect())

function source(entries: Iterable<readonly [string, unknown]>) {
  return {
    async *pages() {
      for (const [key, stored] of entries) yield [{ key, stored }]
    },
  }
}

const text = (value: unknown, expires?: number) => JSON.stringify({ value, ...(expires !== undefined && { expires }) })
const intoNamespace = { namespace: 'ns' }

describe('an import', () => {
  test('brings values with the time they have left', async () => {
    const expires = Date.now() + hourMs
    const report = await importFrom(
      source([
        ['long', text({ n: 1 })],
        ['short', text('s', expires)],
      ]),
      target,
      intoNamespace,
    )
    expect(report).toEqual({ read: 2, imported: 2, kept: 0, skipped: 0, skippedExamples: [] })
    expect(await keyv.getManyRaw(['long', 'short'])).toEqual([{ value: { n: 1 } }, { value: 's', expires }])
    const { winner } = await target.withNamespace('ns').explain('short')
    expect(winner?.expiresAtMs).toBe(expires)
  })

  test('can be repeated: the same content makes the same record', async () => {
    const entries = [
      ['a', text(1)],
      ['b', text(2, Date.now() + hourMs)],
    ] as const
    await importFrom(source(entries), target, intoNamespace)
    const before = await Promise.all(['a', 'b'].map((key) => target.withNamespace('ns').explain(key)))
    expect(await importFrom(source(entries), target, intoNamespace)).toMatchObject({ imported: 2, kept: 0 })
    expect(await Promise.all(['a', 'b'].map((key) => target.withNamespace('ns').explain(key)))).toEqual(before)
  })

  test('brings what changed in the old store since, whichever way it changed', async () => {
    for (const value of [1, 2, 1, 3, 2]) {
      expect(await importFrom(source([['k', text(value)]]), target, intoNamespace)).toMatchObject({ imported: 1 })
      expect(await keyv.get('k')).toBe(value)
    }
  })

  test('keeps what was written in the store, before or after', async () => {
    await keyv.set('before', 'new')
    await importFrom(
      source([
        ['before', text('old')],
        ['after', text('old')],
      ]),
      target,
      intoNamespace,
    )
    await keyv.set('after', 'new')
    const again = source([
      ['before', text('older')],
      ['after', text('older')],
    ])
    expect(await importFrom(again, target, intoNamespace)).toMatchObject({ imported: 0, kept: 2 })
    expect(await keyv.getMany(['before', 'after'])).toEqual(['new', 'new'])
  })

  test.each([
    ['deleted', () => keyv.delete('k')],
    ['cleared', () => keyv.clear()],
  ])('does not bring back what was %s', async (_, remove) => {
    await importFrom(source([['k', text(1)]]), target, intoNamespace)
    await remove()
    // Among so many contents there are hashes above and below that of the first one.
    for (let value = 1; value <= 16; value += 1) {
      expect(await importFrom(source([['k', text(value)]]), target, intoNamespace)).toMatchObject({ kept: 1 })
    }
    expect(await keyv.get('k')).toBeUndefined()
  })

  test('skips what Keyv would give no value for, and says why', async () => {
    const entries = {
      expired: text('x', Date.now() - 1),
      'no value': '{}',
      'not JSON': 'plain text',
      'a JSON string': '"plain"',
      null: null,
      function: { value: () => 1 },
      ours: `1${'0'.repeat(12)}${'a'.repeat(16)}0${'f'.repeat(24)}#payload`,
    }
    const report = await importFrom(source(Object.entries(entries)), target, intoNamespace)
    expect(report).toMatchObject({ read: 7, imported: 0, skipped: 7 })
    expect(Object.fromEntries(report.skippedExamples.map(({ key, reason }) => [key, reason]))).toEqual({
      expired: 'it has expired',
      'no value': 'it has no value',
      'not JSON': 'Keyv cannot read it: it is no envelope of its making',
      'a JSON string': 'Keyv cannot read it: it is no envelope of its making',
      null: 'it has no value',
      function: expect.stringContaining('cannot be stored'),
      ours: 'it is a record of a keyv-quorum store, not of a Keyv',
    })
    expect(await Promise.all(Object.keys(entries).map((key) => keyv.get(key)))).toEqual(Array(7).fill(undefined))
  })

  test('tells how far it is after every batch of 500, and shows 100 skipped entries', async () => {
    const progress: ImportProgress[] = []
    const entries = Array.from({ length: 1_200 }, (_, index) => [`k${index}`, index % 2 ? text(index) : 'x'] as const)
    const onProgress = (step: ImportProgress) => progress.push(step)
    const report = await importFrom(source(entries), target, { ...intoNamespace, onProgress })
    expect(progress.map(({ read }) => read)).toEqual([500, 1_000, 1_200])
    expect(report).toMatchObject({ imported: 600, skipped: 600 })
    expect(report.skippedExamples).toHaveLength(100)
  })

  test('stops between batches when it is told to, and goes on when it is repeated', async () => {
    const entries = Array.from({ length: 1_200 }, (_, index) => [`k${index}`, text(index)] as const)
    const controller = new AbortController()
    const stop = new Error('stop')
    const options = { ...intoNamespace, signal: controller.signal, onProgress: () => controller.abort(stop) }
    await expect(importFrom(source(entries), target, options)).rejects.toBe(stop)
    expect(await keyv.hasMany(['k499', 'k500'])).toEqual([true, false])
    await importFrom(source(entries), target, intoNamespace)
    expect(await keyv.getMany(entries.map(([key]) => key))).toEqual(entries.map((_, index) => index))
  })

  test('stops within a page too', async () => {
    const page = Array.from({ length: 1_200 }, (_, index): ImportEntry => ({ key: `k${index}`, stored: text(index) }))
    const controller = new AbortController()
    const stop = new Error('stop')
    const whole = {
      async *pages() {
        yield page
      },
    }
    const options = { ...intoNamespace, signal: controller.signal, onProgress: () => controller.abort(stop) }
    await expect(importFrom(whole, target, options)).rejects.toBe(stop)
    expect(await keyv.hasMany(['k499', 'k500'])).toEqual([true, false])
  })

  test('changes keys where another series of Keyv reads them', async () => {
    const entries = [
      ['ns:five', text(5)],
      ['six', text(6)],
      ['ns:six', text(66)],
    ] as const
    await importFrom(source(entries), target, { namespace: 'ns', keyv: 6 })
    expect(await target.store.withNamespace('ns').getMany(['five', 'six', 'ns:five'])).toEqual([
      text(5),
      text(6),
      undefined,
    ])
    await importFrom(source(entries), target, { namespace: 'ns', keyv: 5 })
    expect(await target.store.withNamespace('ns').getMany(['ns:five', 'ns:six'])).toEqual([text(5), text(6)])
  })
})

describe('an import fails', () => {
  test('when the source rejects, with what came before in place', async () => {
    const failing = {
      async *pages() {
        yield Array.from({ length: 500 }, (_, index): ImportEntry => ({ key: `k${index}`, stored: text(index) }))
        throw new Error('connection lost')
      },
    }
    const error = await importFrom(failing, target, intoNamespace).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(ImportError)
    expect(error).toMatchObject({ code: 'IMPORT_SOURCE_FAILED', message: expect.stringContaining('connection lost') })
    expect(await keyv.get('k499')).toBe(499)
  })

  test('when the source hangs', async () => {
    const hanging = {
      pages: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) }),
    }
    await expect(importFrom(hanging, target, { stallTimeoutMs: 20 })).rejects.toThrow('it gave nothing for 20 ms')
  })

  test.each([
    ['nothing', undefined],
    ['a text', 'redis://a'],
    ['no store', {}],
    ['a store that lists nothing', { get: () => 1, set: () => 1, delete: () => 1 }],
  ])('when it is given %s', async (_, given) => {
    await expect(importFrom(given as never, target)).rejects.toBeInstanceOf(ConfigError)
  })

  test('and lets an abort through while the source gives nothing', async () => {
    const controller = new AbortController()
    const slow = {
      async *pages() {
        await sleep(60_000, undefined, { ref: false })
        yield []
      },
    }
    const ended = importFrom(slow, target, { signal: controller.signal })
    controller.abort(new Error('stop'))
    await expect(ended).rejects.toThrow('stop')
  })
})
