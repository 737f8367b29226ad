import { describe, expect, test } from 'vitest'
import { ImportError } from '../../src/import/import-error.ts'
import { importFrom } from '../../src/import/import-from.ts'
import type { ImportedRecord, ImportTarget } from '../../src/import/import-target.ts'
import type { ImportableStore } from '../../src/import/keyv-source.ts'

function targetOf(taken: ImportedRecord[]): ImportTarget {
  return {
    withNamespace: () => ({ explain: async () => ({ winner: null }) }),
    putImported: async (records) => {
      taken.push(...records)
      return records.map(() => 'imported')
    },
  }
}

/** What the source gives, one page after the other. */
function giving(...pages: readonly unknown[]): ImportableStore {
  const source = {
    async *pages() {
      yield* pages
    },
  }
  return source as unknown as ImportableStore
}

describe('a source that gives something else than pages of entries has failed', () => {
  test.each([[null], [5], [[null]], [[{ stored: 1 }]], [[{ key: 1, stored: 1 }]]])('%j', async (page) => {
    await expect(importFrom(giving(page), targetOf([]))).rejects.toBeInstanceOf(ImportError)
  })

  test.each([undefined, 5, {}])('%j in place of the pages', async (pages) => {
    const source = { pages: () => pages } as unknown as ImportableStore
    await expect(importFrom(source, targetOf([]))).rejects.toBeInstanceOf(ImportError)
  })
})

test('a time of the backend that is none does not become that of a record', async () => {
  const taken: ImportedRecord[] = []
  await importFrom(giving([{ key: 'k', stored: '{"value":1}', expiresAtMs: 'soon' }]), targetOf(taken))
  expect(taken).toMatchObject([{ key: ':k', expiresAtMs: null }])
})

test('an envelope that throws when it is looked at is skipped, with a reason', async () => {
  const stored = Object.defineProperty({}, 'value', { get: () => expect.fail('it was looked at') })
  expect(await importFrom(giving([{ key: 'k', stored }]), targetOf([]))).toMatchObject({ read: 1, skipped: 1 })
})
