import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  entryOfStore,
  lineageKey,
  readHead,
  readRecord,
  storedKey,
  storedText,
} from '../../adapters/keyv/stored-text.ts'
import { keyText, namespacePrefix } from '../../src/core/key.ts'
import { newValue, storedHeadOf, unreadableHead } from '../../src/core/record.ts'
import { versionAt } from '../conformance/samples.ts'

const anyKey = fc
  .tuple(fc.option(fc.string({ unit: 'binary' }), { nil: undefined }), fc.string({ unit: 'binary' }))
  .map(([namespace, key]) => keyText(namespacePrefix(namespace), key))
const anyPayload = fc.string({ unit: 'grapheme' })

function isPlain(key: string): boolean {
  return storedKey(key) === `keyv-quorum/${key}`
}

describe('records in a Keyv store', () => {
  it('come back as they were, from gets and from iterators', () => {
    fc.assert(
      fc.property(anyKey, anyPayload, (key, payload) => {
        const record = newValue(key, versionAt(1), payload, 5)
        expect(readRecord(key, storedText(record))).toEqual(record)
        expect(readHead(key, storedText(record))).toEqual(storedHeadOf(record))
        expect(entryOfStore(`namespace:${storedKey(key)}`, storedText(record))).toEqual(storedHeadOf(record))
      }),
    )
  })

  it('are never taken for the record of another key', () => {
    fc.assert(
      fc.property(anyKey, anyKey, (key, other) => {
        fc.pre(key !== other)
        const text = storedText(newValue(key, versionAt(1), 'payload', null))
        expect(storedKey(other)).not.toBe(storedKey(key))
        expect(readRecord(other, text)).toMatchObject({ kind: 'corrupt', key: other })
        expect(readHead(other, text)).toMatchObject({ kind: 'corrupt', key: other })
        expect(entryOfStore(storedKey(other), text)).toEqual(isPlain(other) ? unreadableHead(other) : 'unknown key')
      }),
    )
  })

  it.each([
    [':user:1', 'keyv-quorum/:user:1'],
    ['sessions:a-b_c.9', 'keyv-quorum/sessions:a-b_c.9'],
  ])('%j lies under the readable %j', (key, expected) => {
    expect(storedKey(key)).toBe(expected)
  })

  it.each([':A', ':é', ': ', ':*', ':%', 'a::b', ':\\', ':/', ':../x', `:${'k'.repeat(200)}`, ':k'.repeat(40_000)])(
    '%.20j lies under its hash',
    (key) => {
      expect(storedKey(key)).toMatch(/^keyv-quorum\/#[0-9a-f]{64}$/)
    },
  )

  it('never lie under the key of the lineage', () => {
    fc.assert(fc.property(anyKey, (key) => storedKey(key) !== lineageKey && !storedKey(key).endsWith(lineageKey)))
  })

  it.each([['text'], [''], [7], [{}], [[]], [Buffer.from('1:a')], ['3:key'], ['99:key'], ['3:keyand no record']])(
    'what the store holds and is no record, %j, is corrupt, also to scans',
    (stored) => {
      expect(readRecord('key', stored)).toMatchObject({ kind: 'corrupt', key: 'key' })
      expect(readHead('key', stored)).toMatchObject({ kind: 'corrupt', key: 'key' })
      expect(entryOfStore(storedKey('key'), stored)).toEqual(unreadableHead('key'))
      expect(entryOfStore(`namespace:${storedKey('KEY')}`, stored)).toBe('unknown key')
    },
  )

  it.each(['3:KEY', '3:KEYand no record'])('%j tells a scan at least its key', (stored) => {
    expect(entryOfStore(storedKey('KEY'), stored)).toEqual(unreadableHead('KEY'))
  })

  it.each([lineageKey, 'another program', 'keyv-quorum/#', 'keyv-quorum/UPPER'])(
    '%j is no record of a scan',
    (entryKey) => {
      expect(entryOfStore(`namespace:${entryKey}`, 'text')).toBe(null)
    },
  )

  it.each([[undefined], [null]])('%s is absence', (stored) => {
    expect(readRecord('key', stored)).toBeNull()
    expect(readHead('key', stored)).toBeNull()
  })
})
