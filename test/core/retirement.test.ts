import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { foreverMs, newTombstone, newValue, type RecordStamp } from '../../src/core/record.ts'
import { diesAtMs, isRetired } from '../../src/core/retirement.ts'
import { versionAt } from '../conformance/samples.ts'
import { cell, drawnTable } from '../support/drawn-table.ts'

/** `live`, `x500` a tombstone of that time, `e500` a value that expires then; `+700` is what it is to be kept until. */
function drawnStamp(text: string): RecordStamp {
  const [, kind, time = '0', kept = ''] = /^(live|x|e)(\d*)(?:\+(\d+|ever))?$/.exec(text) ?? []
  if (kind === undefined) throw new Error(`${text} is no record`)
  const atMs = Number(time)
  const record =
    kind === 'x'
      ? newTombstone('k', versionAt(atMs), atMs)
      : newValue('k', versionAt(100), '', kind === 'e' ? atMs : null)
  if (kept === '') return record
  return { ...record, retainUntilMs: kept === 'ever' ? foreverMs : Number(kept) }
}

describe('a record', () => {
  test.each(
    drawnTable(`
      | record    | retained until | died until | is      |
      |-----------|----------------|------------|---------|
      | live      | 9999           | 9999       | held    |
      | live+200  | 9999           | 9999       | held    |
      | x500      | 499            | -1         | held    |
      | x500      | 500            | -1         | retired |
      | x500+700  | 699            | -1         | held    |
      | x500+700  | 700            | -1         | retired |
      | x500+ever | 9999           | -1         | held    |
      | x500+ever | 0              | 499        | held    |
      | x500+ever | 0              | 500        | retired |
      | x0+ever   | 0              | -1         | held    |
      | x0+ever   | 0              | 0          | retired |
      | e500      | 499            | 499        | held    |
      | e500      | 500            | -1         | retired |
      | e500+700  | 600            | 499        | held    |
      | e500+700  | 600            | 500        | retired |
      | e500+700  | 700            | -1         | retired |
    `).map(
      (row) =>
        [
          cell(row, 'record'),
          Number(cell(row, 'retained until')),
          Number(cell(row, 'died until')),
          cell(row, 'is'),
        ] as const,
    ),
  )(
    '%s, with what was retained until %d and died until %d, is %s',
    (record, retainedUntilMs, diedUntilMs, expected) => {
      expect(isRetired(drawnStamp(record), { retainedUntilMs, diedUntilMs })).toBe(expected === 'retired')
    },
  )

  test('dies at the time of its version when it is a tombstone, else when it expires', () => {
    expect(diesAtMs(drawnStamp('x500+700'))).toBe(500)
    expect(diesAtMs(drawnStamp('e500'))).toBe(500)
    expect(diesAtMs(drawnStamp('live'))).toBeNull()
  })

  test('that is retired stays so as time goes on', () => {
    const times = fc.integer({ min: 0, max: 1_000 })
    const stamps = fc
      .tuple(fc.constantFrom('x', 'e'), times, times)
      .map(([kind, atMs, moreMs]) => drawnStamp(`${kind}${atMs}+${atMs + moreMs}`))
    fc.assert(
      fc.property(stamps, times, times, times, times, (stamp, retainedUntilMs, diedUntilMs, more, yetMore) => {
        const later = { retainedUntilMs: retainedUntilMs + more, diedUntilMs: diedUntilMs + yetMore }
        if (isRetired(stamp, { retainedUntilMs, diedUntilMs })) expect(isRetired(stamp, later)).toBe(true)
      }),
    )
  })
})
