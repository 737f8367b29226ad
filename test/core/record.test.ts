import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  checksum,
  decodeRecord,
  decodeStamp,
  encodeHead,
  encodeRecord,
  foreverMs,
  isCorrupt,
  layout,
  newTombstone,
  newValue,
  type VersionedRecord,
  verified,
} from '../../src/core/record.ts'
import { timeMaxMs } from '../../src/core/version.ts'
import { versionAt } from '../conformance/samples.ts'

const wellFormed = fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed() && !text.includes('\0'))
const version = fc.stringMatching(/^[0-9a-f]{28}$/)
const timeMs = fc.oneof(fc.integer({ min: 0, max: timeMaxMs }), fc.constantFrom(0, 1, timeMaxMs - 1, timeMaxMs))
const value = fc
  .record({ key: wellFormed, version, payload: wellFormed, expiresAtMs: fc.option(timeMs), retainUntilMs: timeMs })
  .map(({ key, version: at, payload, expiresAtMs, retainUntilMs }) => ({
    ...newValue(key, at, payload, expiresAtMs),
    retainUntilMs,
  }))
const tombstone = fc
  .record({ key: wellFormed, version, atMs: timeMs })
  .map((each) => newTombstone(each.key, each.version, each.atMs))
const record: fc.Arbitrary<VersionedRecord> = fc.oneof(value, tombstone)

const sample = newValue(':user:1', versionAt(7), 'sGr\u00fc\u00dfe \u{1f600}', 1_700_000_000_000)

describe('the text of a record', () => {
  test('is read back as it was', () => {
    fc.assert(
      fc.property(record, (each) => {
        expect(decodeRecord(each.key, encodeRecord(each))).toEqual(each)
        expect(encodeRecord(each)).toBe(encodeHead(each) + each.payload)
      }),
      { numRuns: 1_000 },
    )
  })

  test('has the fields where the layout says', () => {
    const head = encodeHead(sample)
    expect(head).toHaveLength(layout.headLength)
    expect(head.startsWith(layout.formatMark)).toBe(true)
    expect(head.slice(layout.orderOffset, layout.orderOffset + layout.orderLength)).toBe(`${sample.version}0`)
    expect(head.slice(layout.expiryOffset, layout.retentionOffset)).toBe(
      (1_700_000_000_000).toString(16).padStart(12, '0'),
    )
    expect(head.slice(layout.retentionOffset, layout.stampLength)).toBe(
      head.slice(layout.expiryOffset, layout.retentionOffset),
    )
    expect(head.slice(layout.checksumOffset)).toBe(checksum(sample))
  })

  test('orders as the records do, up to their payloads', () => {
    fc.assert(
      fc.property(record, record, (a, b) => {
        const order = (each: VersionedRecord) => encodeHead(each).slice(layout.orderOffset, layout.expiryOffset)
        const isNewer = a.version !== b.version ? a.version > b.version : a.kind === 'tombstone' && b.kind === 'value'
        expect(order(a) > order(b)).toBe(isNewer)
      }),
    )
  })

  test('holds never, and the last millisecond, as the same', () => {
    expect(newValue('k', versionAt(7), 'a', foreverMs)).toEqual(newValue('k', versionAt(7), 'a', null))
    expect(newValue('k', versionAt(7), 'a', Number.POSITIVE_INFINITY)).toEqual(newValue('k', versionAt(7), 'a', null))
    expect(newValue('k', versionAt(7), 'a', foreverMs - 1).expiresAtMs).toBe(foreverMs - 1)
  })

  test('tells the stamp without the payload', () => {
    fc.assert(
      fc.property(record, (each) => {
        const { key: _key, payload: _payload, ...stamp } = each
        expect(decodeStamp(encodeHead(each))).toEqual(stamp)
        expect(decodeStamp(encodeRecord(each))).toEqual(stamp)
      }),
    )
  })
})

describe('damage', () => {
  const text = encodeRecord(sample)
  const retention = { from: layout.retentionOffset, to: layout.stampLength }
  const replacements = [...'0123456789abcdefgzAF \u00e4\ud800', '\u0000']

  test('to any one character is found, but in the retention, which is no part of the identity', () => {
    for (let place = 0; place < text.length; place += 1) {
      const isRetention = place >= retention.from && place < retention.to
      for (const character of replacements.filter((each) => each !== text[place])) {
        const read = decodeRecord(sample.key, text.slice(0, place) + character + text.slice(place + 1))
        const isAccepted = isRetention && /[0-9a-f]/.test(character)
        expect([place, character, isCorrupt(read)]).toEqual([place, character, !isAccepted])
        if (isAccepted) expect(read).toEqual({ ...sample, retainUntilMs: expect.any(Number) })
      }
    }
  })

  test('to any one bit of the bytes is found, but in the retention', () => {
    const bytes = Buffer.from(text)
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const place = bit >> 3
      if (place >= retention.from && place < retention.to) continue
      const damaged = Buffer.from(bytes)
      damaged[place] = (damaged[place] ?? 0) ^ (1 << (bit & 7))
      expect([bit, isCorrupt(decodeRecord(sample.key, damaged.toString()))]).toEqual([bit, true])
    }
  })

  test('by cutting off, adding and swapping is found', () => {
    for (let length = 0; length < text.length; length += 1) {
      expect(isCorrupt(decodeRecord(sample.key, text.slice(0, length)))).toBe(true)
    }
    expect(isCorrupt(decodeRecord(sample.key, `${text} `))).toBe(true)
    expect(isCorrupt(decodeRecord(sample.key, ` ${text}`))).toBe(true)
    expect(isCorrupt(decodeRecord(sample.key, text + text))).toBe(true)
    expect(isCorrupt(decodeRecord(sample.key, text.split('').reverse().join('')))).toBe(true)
  })

  test('by any other text never throws, and is never taken for the record', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 100 }), fc.string({ maxLength: 100 })), (other) => {
        expect(isCorrupt(decodeRecord('k', other))).toBe(true)
        expect(() => decodeStamp(other)).not.toThrow()
      }),
      { numRuns: 1_000 },
    )
  })

  test('by another text in the shape of a record is found', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^1[0-9a-f]{28}[01][0-9a-f]{32}$/), wellFormed, (head, payload) => {
        expect(isCorrupt(decodeRecord('k', head + payload))).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })

  test('by a record that lies under another key is found', () => {
    fc.assert(
      fc.property(record, wellFormed, (each, key) => {
        fc.pre(key !== each.key)
        expect(isCorrupt(decodeRecord(key, encodeRecord(each)))).toBe(true)
      }),
    )
  })

  test('by parts of two records is found', () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        fc.pre(a.payload !== b.payload)
        expect(isCorrupt(decodeRecord(a.key, encodeHead(a) + b.payload))).toBe(true)
      }),
    )
  })
})

describe('a record read field by field', () => {
  test('is held against its checksum', () => {
    expect(verified(sample, checksum(sample))).toBe(sample)
    expect(verified({ ...sample, retainUntilMs: 5 }, checksum(sample))).toEqual({ ...sample, retainUntilMs: 5 })
  })

  test.each([
    ['key', { key: ':user:2' }],
    ['version', { version: versionAt(8) }],
    ['kind', { kind: 'tombstone' }],
    ['expiry', { expiresAtMs: 1_700_000_000_001 }],
    ['expiry left out', { expiresAtMs: null }],
    ['payload', { payload: 's' }],
  ] as const)('with another %s is corrupt', (_field, change) => {
    expect(isCorrupt(verified({ ...sample, ...change }, checksum(sample)))).toBe(true)
  })

  test('with something that is no version is corrupt', () => {
    const odd = { ...sample, version: 'yesterday' }
    expect(verified(odd, checksum(odd))).toEqual({ kind: 'corrupt', key: odd.key, reason: 'the version is not one' })
  })

  test('does not let fields run into each other', () => {
    const one = newValue('1 k', versionAt(7), '', 1)
    const other = newValue('k', versionAt(7), '', 11)
    expect(checksum(one)).not.toBe(checksum(other))
    expect(checksum({ ...one, key: 'ab', payload: 'c' })).not.toBe(checksum({ ...one, key: 'a', payload: 'bc' }))
  })
})
