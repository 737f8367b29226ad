import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  HybridClock,
  isSameWriter,
  isVersion,
  successor,
  timeMaxMs,
  timeText,
  type Version,
  versionLength,
  versionTimeMs,
} from '../../src/core/version.ts'

interface Fields {
  readonly ms: number
  readonly counter: number
  readonly writer: number
}

const fields: fc.Arbitrary<Fields> = fc.record({
  ms: fc.oneof(fc.nat({ max: 3 }), fc.integer({ min: 0, max: timeMaxMs })),
  counter: fc.oneof(fc.nat({ max: 3 }), fc.integer({ min: 0, max: 0xffff })),
  writer: fc.oneof(fc.nat({ max: 3 }), fc.integer({ min: 0, max: 2 ** 48 - 1 })),
})
const version = fields.map(versionOf)
const writerId = '00000000000a'

describe('the text of a version', () => {
  test('orders as its fields do: time, then counter, then writer', () => {
    fc.assert(
      fc.property(fields, fields, (a, b) => {
        expect(Math.sign(compareText(versionOf(a), versionOf(b)))).toBe(Math.sign(compareFields(a, b)))
      }),
      { numRuns: 2_000 },
    )
  })

  test('orders by bytes as it does by characters', () => {
    fc.assert(
      fc.property(version, version, (a, b) => {
        expect(Buffer.compare(Buffer.from(a), Buffer.from(b))).toBe(Math.sign(compareText(a, b)))
      }),
    )
  })

  test('tells its time', () => {
    fc.assert(
      fc.property(fields, (each) => {
        expect(versionTimeMs(versionOf(each))).toBe(each.ms)
      }),
    )
  })

  test.each([
    '',
    '0',
    'f'.repeat(27),
    'f'.repeat(29),
    'F'.repeat(28),
    'g'.repeat(28),
    ` ${'0'.repeat(27)}`,
    `${'0'.repeat(27)}\n`,
  ])('%j is none', (text) => expect(isVersion(text)).toBe(false))

  test('holds 48 bits of time', () => {
    expect(timeText(timeMaxMs)).toBe('f'.repeat(12))
    expect(timeText(0)).toBe('0'.repeat(12))
  })
})

test('a version tells its writer', () => {
  fc.assert(
    fc.property(fields, fields, (a, b) => {
      expect(isSameWriter(versionOf(a), versionOf(b))).toBe(a.writer === b.writer)
      expect(isSameWriter(versionOf(a), versionOf({ ...b, writer: a.writer }))).toBe(true)
    }),
  )
})

describe('the successor', () => {
  test('is the next version: above, with nothing between', () => {
    fc.assert(
      fc.property(version, (each) => {
        fc.pre(each !== 'f'.repeat(versionLength))
        const next = successor(each)
        expect(isVersion(next)).toBe(true)
        expect(BigInt(`0x${next}`) - BigInt(`0x${each}`)).toBe(1n)
      }),
    )
  })

  test.each([
    ['0000000000010000000000000000', '0000000000010000000000000001'],
    ['000000000001000000ffffffffff', '0000000000010000010000000000'],
    ['0000000000010000ffffffffffff', '0000000000010001000000000000'],
    ['000000000001ffffffffffffffff', '0000000000020000000000000000'],
  ])('of %s is %s', (each, next) => expect(successor(each)).toBe(next))

  test('of the last version there is none', () => {
    expect(() => successor('f'.repeat(versionLength))).toThrow(RangeError)
  })
})

describe('the clock', () => {
  /** What happens to a clock: it is asked for a version, or sees one, at a time that may jump either way. */
  const event = fc.record({
    nowMs: fc.oneof(fc.nat({ max: 20 }), fc.double({ min: 0, max: 20, noNaN: true })),
    seen: fc.option(
      fc.record({
        ms: fc.nat({ max: 20 }),
        counter: fc.constantFrom(0, 1, 0xfffe, 0xffff),
        writer: fc.nat({ max: 20 }),
      }),
    ),
  })

  test('gives versions that grow, and grow past all it has seen, however the time jumps', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const clock = new HybridClock(writerId)
        let latest = ''
        for (const { nowMs, seen } of events) {
          if (seen !== null) {
            clock.observe(versionOf(seen), nowMs)
            latest = [latest, versionOf(seen).slice(0, 16)].sort().at(-1) ?? ''
          }
          const next = clock.next(nowMs)
          expect(isVersion(next)).toBe(true)
          expect(next.slice(0, 16) > latest.slice(0, 16)).toBe(true)
          expect(next.slice(16)).toBe(writerId)
          latest = next
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('follows the time while that is ahead', () => {
    const clock = new HybridClock(writerId)
    expect(clock.next(5)).toBe(versionOf({ ms: 5, counter: 0, writer: 10 }))
    expect(clock.next(5)).toBe(versionOf({ ms: 5, counter: 1, writer: 10 }))
    expect(clock.next(3)).toBe(versionOf({ ms: 5, counter: 2, writer: 10 }))
    expect(clock.next(6)).toBe(versionOf({ ms: 6, counter: 0, writer: 10 }))
  })

  test('carries a full counter over into the milliseconds', () => {
    const clock = new HybridClock(writerId)
    clock.observe(versionOf({ ms: 5, counter: 0xffff, writer: 1 }), 5)
    expect(clock.next(5)).toBe(versionOf({ ms: 6, counter: 0, writer: 10 }))
    expect(clock.next(5)).toBe(versionOf({ ms: 6, counter: 1, writer: 10 }))
  })

  test('gives 200,000 different versions within one millisecond', () => {
    const clock = new HybridClock(writerId)
    let last = ''
    for (let count = 0; count < 200_000; count += 1) {
      const next = clock.next(5)
      if (next <= last) expect(next > last).toBe(true)
      last = next
    }
    expect(versionTimeMs(last)).toBe(5 + 3)
  })

  test('is not moved by what is behind it', () => {
    const clock = new HybridClock(writerId)
    const first = clock.next(7)
    clock.observe(versionOf({ ms: 6, counter: 9, writer: 99 }), 7)
    expect(clock.next(7)).toBe(successorReading(first))
  })

  test('tells how far ahead of the time a version is', () => {
    const clock = new HybridClock(writerId)
    expect(clock.observe(versionOf({ ms: 90, counter: 3, writer: 1 }), 60)).toBe(30)
    expect(clock.observe(versionOf({ ms: 90, counter: 3, writer: 1 }), 90)).toBe(0)
    expect(clock.observe(versionOf({ ms: 90, counter: 3, writer: 1 }), 95)).toBe(0)
  })

  test('tells by two writers which is which even at the same reading', () => {
    const [one, other] = [new HybridClock('000000000001'), new HybridClock('000000000002')]
    expect(one.next(5) < other.next(5)).toBe(true)
  })

  test('throws at the end of time, and never starts again from an earlier one', () => {
    const clock = new HybridClock(writerId)
    for (let counter = 0; counter < 0xffff; counter += 1) clock.next(timeMaxMs)
    expect(clock.next(timeMaxMs)).toBe(versionOf({ ms: timeMaxMs, counter: 0xffff, writer: 10 }))
    expect(() => clock.next(timeMaxMs)).toThrow(RangeError)
    expect(() => clock.next(5)).toThrow(RangeError)
  })

  test('does not let itself be led to the end of time by what it sees', () => {
    const clock = new HybridClock(writerId)
    const ms = timeMaxMs - 2 ** 32
    expect(clock.observe(versionOf({ ms: timeMaxMs, counter: 0xffff, writer: 1 }), 5)).toBe(timeMaxMs - 5)
    clock.observe(versionOf({ ms: ms + 1, counter: 0, writer: 1 }), 5)
    expect(clock.next(5)).toBe(versionOf({ ms: 5, counter: 0, writer: 10 }))
    clock.observe(versionOf({ ms, counter: 7, writer: 1 }), 5)
    expect(clock.next(5)).toBe(versionOf({ ms, counter: 8, writer: 10 }))
  })

  test.each(['', 'ABCDEFABCDEF', '00000000000', '0000000000000', 'gggggggggggg'])('refuses %j as a writer id', (id) => {
    expect(() => new HybridClock(id)).toThrow(TypeError)
  })
})

function versionOf({ ms, counter, writer }: Fields): Version {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0')
  return hex(ms, 12) + hex(counter, 4) + hex(writer, 12)
}

function successorReading(version: Version): Version {
  const counter = Number.parseInt(version.slice(12, 16), 16) + 1
  return version.slice(0, 12) + counter.toString(16).padStart(4, '0') + version.slice(16)
}

function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function compareFields(a: Fields, b: Fields): number {
  return a.ms - b.ms || a.counter - b.counter || a.writer - b.writer
}
