import { describe, expect, test } from 'vitest'
import {
  checksum,
  decodeHead,
  decodeRecord,
  encodeHead,
  encodeRecord,
  foreverMs,
  identityLength,
  layout,
  newTombstone,
  newValue,
  scanEntry,
  unreadableHead,
  verified,
} from '../../src/core/record.ts'
import { headOf, versionAt } from '../conformance/samples.ts'

const value = newValue(':k', versionAt(7), 'payload', 1_700_000_000_000)
const tombstone = newTombstone(':k', versionAt(8), 8)

/** Version, digit of the kind, checksum: it tells the very record that a put may replace. */
function identityIn(text: string): string {
  const order = text.slice(layout.orderOffset, layout.orderOffset + layout.orderLength)
  return order + text.slice(layout.checksumOffset, layout.headLength)
}

describe('the head of a stored record', () => {
  test.each([value, tombstone])('is read without the payload: $kind', (record) => {
    const expected = { ...headOf(record), checksum: checksum(record) }
    expect(decodeHead(':k', encodeHead(record))).toEqual(expected)
    expect(decodeHead(':k', encodeRecord(record))).toEqual(expected)
  })

  test.each(['', 'x', encodeHead(value).slice(0, -1), ` ${encodeHead(value)}`, `2${encodeHead(value).slice(1)}`])(
    'is none in %j',
    (text) => expect(decodeHead(':k', text)).toMatchObject({ kind: 'corrupt', key: ':k' }),
  )

  test('is given in a scan with its checksum, or as one that cannot be read', () => {
    expect(scanEntry(headOf(value), '1234567890')).toEqual({ ...headOf(value), checksum: '1234567890' })
    expect(scanEntry({ kind: 'corrupt', key: ':k', reason: 'damaged' }, 'x')).toEqual(unreadableHead(':k'))
    expect(unreadableHead(':k')).toEqual({
      key: ':k',
      version: '0'.repeat(28),
      kind: 'value',
      expiresAtMs: null,
      retainUntilMs: foreverMs,
      checksum: '',
      isUnreadable: true,
    })
  })
})

describe('what is stored in the place of a record', () => {
  test.each([value, tombstone])('is told by its identity when its checksum is wrong: $kind', (record) => {
    const text = encodeRecord({ ...record, payload: `${record.payload}!` }).slice(0, layout.headLength)
    const read = decodeRecord(':k', `${text}damaged`)
    expect(read).toMatchObject({ kind: 'corrupt', storedIdentity: identityIn(text) })
    expect(identityIn(text)).toHaveLength(identityLength)
  })

  test('is told by its identity when its hash is wrong', () => {
    const text = encodeRecord(value)
    const damaged = `${text.slice(0, layout.hashOffset)}1000000000${text.slice(layout.checksumOffset)}`
    expect(decodeRecord(':k', damaged)).toMatchObject({ kind: 'corrupt', storedIdentity: identityIn(text) })
  })

  test('has no identity where not even the head can be read', () => {
    expect(decodeRecord(':k', 'nonsense')).not.toHaveProperty('storedIdentity')
    expect(verified({ ...value, version: 'nonsense' }, checksum(value))).not.toHaveProperty('storedIdentity')
  })
})

/** Stored beside every record, so they may never change: CRC-32 of `version kind expiry key payload`, and 10^9. */
test.each([
  ['expires', value, '1218624178'],
  ['never expires', newValue(':k', versionAt(7), 'payload', null), '3171733083'],
  ['is deleted', tombstone, '2166172051'],
])('the checksum of a record that %s is the same for ever', (_how, record, expected) => {
  expect(checksum(record)).toBe(expected)
})
