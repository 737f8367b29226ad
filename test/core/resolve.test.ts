import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  foreverMs,
  isDead,
  newTombstone,
  newValue,
  type RecordHead,
  type VersionedRecord,
} from '../../src/core/record.ts'
import {
  compareHeads,
  comparePayloads,
  compareRecords,
  compareStamps,
  isStale,
  newerStamp,
} from '../../src/core/resolve.ts'
import { headOf, versionAt } from '../conformance/samples.ts'

const payload = fc.oneof(fc.string({ unit: 'binary', maxLength: 4 }), fc.constantFrom('', 'a', '\u{1f600}', '\uffff'))
const record: fc.Arbitrary<VersionedRecord> = fc
  .record({ step: fc.nat({ max: 3 }), isTombstone: fc.boolean(), payload, expiresAtMs: fc.option(fc.nat({ max: 9 })) })
  .map(({ step, isTombstone, payload: text, expiresAtMs }) =>
    isTombstone ? newTombstone('k', versionAt(step), step) : newValue('k', versionAt(step), text, expiresAtMs),
  )

describe('the order of records', () => {
  test('is total: any two compare one way, and any three in line', () => {
    fc.assert(
      fc.property(record, record, record, (a, b, c) => {
        expect(Math.sign(compareRecords(a, b))).toBe(0 - Math.sign(compareRecords(b, a)))
        if (compareRecords(a, b) >= 0 && compareRecords(b, c) >= 0)
          expect(compareRecords(a, c)).toBeGreaterThanOrEqual(0)
        if (compareRecords(a, b) === 0) expect([b.version, b.kind, b.payload]).toEqual([a.version, a.kind, a.payload])
      }),
      { numRuns: 2_000 },
    )
  })

  test('is version, then tombstone, then payload bytes', () => {
    const inOrder = [
      newValue('k', versionAt(6), 'z', null),
      newTombstone('k', versionAt(6), 6),
      newValue('k', versionAt(7), '', null),
      newValue('k', versionAt(7), 'a', null),
      newValue('k', versionAt(7), 'ab', null),
      // By UTF-16 units these two would come the other way round.
      newValue('k', versionAt(7), '\uffff', null),
      newValue('k', versionAt(7), '\u{1f600}', null),
      newTombstone('k', versionAt(7), 7),
    ]
    expect([...inOrder].reverse().sort(compareRecords)).toEqual(inOrder)
  })

  test('does not look at expiry or retention', () => {
    const one = newValue('k', versionAt(7), 'a', null)
    expect(compareRecords(one, { ...one, expiresAtMs: 1, retainUntilMs: 1 })).toBe(0)
  })

  test('of heads is the order of records as far as heads tell', () => {
    fc.assert(
      fc.property(record, record, (a, b) => {
        const heads = compareHeads<RecordHead>(headOf(a), headOf(b))
        expect(heads).toBe(compareStamps(a, b))
        expect(Math.sign(compareHeads(a, b))).toBe(Math.sign(compareRecords(a, b)))
        if (heads !== 0) expect(Math.sign(heads)).toBe(Math.sign(compareRecords(a, b)))
      }),
    )
  })

  test('of payloads is that of their UTF-8 bytes', () => {
    fc.assert(
      fc.property(payload, payload, (a, b) => {
        expect(comparePayloads(a, b)).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)))
      }),
    )
  })

  test('takes whatever there is over nothing', () => {
    const [older, newer] = [newValue('k', versionAt(6), 'a', null), newValue('k', versionAt(7), 'a', null)]
    expect(newerStamp(older, newer)).toBe(newer)
    expect(newerStamp(newer, older)).toBe(newer)
    expect(newerStamp(null, older)).toBe(older)
    expect(newerStamp(older, null)).toBe(older)
    expect(newerStamp(null, null)).toBe(null)
  })
})

describe('a record', () => {
  test('is dead from the millisecond on in which it expires', () => {
    const value = newValue('k', versionAt(7), 'a', 1_000)
    expect([999, 1_000, 1_001].map((nowMs) => isDead(value, nowMs))).toEqual([false, true, true])
    expect(isDead(newValue('k', versionAt(7), 'a', null), foreverMs)).toBe(false)
    expect(isDead(newTombstone('k', versionAt(7), 5_000), 0)).toBe(true)
  })

  test('is given to a replica that holds nothing only while it must be kept', () => {
    const expired = newValue('k', versionAt(7), 'a', 1_000)
    expect([999, 1_000].map((nowMs) => isStale(null, expired, nowMs))).toEqual([true, false])
    expect(isStale(null, { ...expired, retainUntilMs: 2_000 }, 1_500)).toBe(true)
  })

  test('is given to a replica that holds an older one whenever that is', () => {
    fc.assert(
      fc.property(record, record, fc.nat({ max: 20 }), (held, winner, nowMs) => {
        expect(isStale(held, winner, nowMs)).toBe(compareRecords(winner, held) > 0)
      }),
    )
  })
})
