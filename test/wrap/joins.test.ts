import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { newTombstone, newValue, type VersionedRecord } from '../../src/core/record.ts'
import { compareRecords, compareStamps } from '../../src/core/resolve.ts'
import type { Entry, PutOutcome } from '../../src/replica.ts'
import { joinPuts, joinReads } from '../../src/wrap/joins.ts'
import { putsOf, tombstoneAt, valueAt, versionAt } from '../conformance/samples.ts'
import { ScriptedStore } from '../support/scripted-store.ts'

const key = fc.constantFrom(':a', ':b', ':c')
const record: fc.Arbitrary<VersionedRecord> = fc
  .record({
    key,
    step: fc.integer({ min: 1, max: 5 }),
    payload: fc.constantFrom('', 'x', 'y'),
    kind: fc.nat({ max: 3 }),
    kept: fc.nat({ max: 9 }),
  })
  .map(({ key: at, step, payload, kind, kept }) => ({
    ...(kind === 0 ? newTombstone(at, versionAt(step), step) : newValue(at, versionAt(step), payload, null)),
    retainUntilMs: kept,
  }))
/** The caller gives each key at most once a request. */
const request = fc.uniqueArray(record, { selector: (each) => each.key, maxLength: 3 }).map((each) => putsOf(...each))
const requests = fc.array(request, { maxLength: 6 })
const held = fc.uniqueArray(record, { selector: (each) => each.key, maxLength: 3 })

function storeWith(records: readonly VersionedRecord[]): ScriptedStore {
  const store = new ScriptedStore()
  for (const each of records) store.place(each)
  return store
}

/** The dumb twin: puts them one by one, those of one key from the oldest to the newest, and remembers each answer. */
function oneByOne(store: ScriptedStore, entries: readonly Entry[]): ReadonlyMap<Entry, PutOutcome> {
  const ordered = [...entries].sort((a, b) => compareRecords(a.record, b.record))
  return new Map(ordered.map((entry) => [entry, store.put(entry)]))
}

function joined(store: ScriptedStore, given: readonly (readonly Entry[])[]): ReadonlyMap<Entry, PutOutcome> {
  const join = joinPuts(given)
  const answers = join.items.map((entry) => store.put(entry))
  return new Map(given.flatMap((entries, index) => pairs(entries, join.split(index, answers))))
}

function pairs<Left, Right>(left: readonly Left[], right: readonly Right[]): [Left, Right][] {
  expect(right).toHaveLength(left.length)
  return left.map((each, index) => [each, right[index] as Right])
}

const isAck = (outcome: PutOutcome | undefined) => outcome?.status === 'stored' || outcome?.status === 'held'

describe('puts that are joined', () => {
  test('leave the replica as it is after putting them one by one', () => {
    fc.assert(
      fc.property(held, requests, (before, given) => {
        const [one, other] = [storeWith(before), storeWith(before)]
        oneByOne(one, given.flat())
        joined(other, given)
        for (const each of [':a', ':b', ':c']) {
          const [record, twin] = [other.peek(each), one.peek(each)]
          expect(record && { ...record, retainUntilMs: 0 }).toEqual(twin && { ...twin, retainUntilMs: 0 })
          // Longer than one by one at most when one of them was superseded there: that is safe, and costs nothing.
          expect(record?.retainUntilMs ?? 0).toBeGreaterThanOrEqual(twin?.retainUntilMs ?? 0)
          expect(record?.retainUntilMs ?? 0).toBeLessThanOrEqual(longestOf(each, before, given))
        }
      }),
      { numRuns: 1_000 },
    )
  })

  test('are acknowledged as they would be one by one; one that a newer of them ran over is, when that one is', () => {
    fc.assert(
      fc.property(held, requests, (before, given) => {
        const twin = oneByOne(storeWith(before), given.flat())
        const outcomes = joined(storeWith(before), given)
        for (const [entry, outcome] of outcomes) {
          const newest = newestOf(given, entry.record.key)
          const isRunOver = compareRecords(entry.record, newest.record) < 0
          if (isAck(twin.get(entry))) expect(isAck(outcome)).toBe(true)
          else expect(isAck(outcome)).toBe(isRunOver && isStored(twin, newest))
        }
      }),
      { numRuns: 1_000 },
    )
  })

  test('tell how long the record is retained now', () => {
    fc.assert(
      fc.property(held, requests, (before, given) => {
        const store = storeWith(before)
        for (const [{ record: put }, outcome] of joined(store, given)) {
          if (outcome.status !== 'superseded') expect(outcome.retainUntilMs).toBe(store.peek(put.key)?.retainUntilMs)
        }
      }),
      { numRuns: 1_000 },
    )
  })

  test('tell what the newest of them took the place of, and what superseded them', () => {
    fc.assert(
      fc.property(held, requests, (before, given) => {
        const twin = oneByOne(storeWith(before), given.flat())
        const outcomes = joined(storeWith(before), given)
        for (const [entry, outcome] of outcomes) {
          const newest = newestOf(given, entry.record.key)
          const expected = twin.get(newest)
          if (entry === newest && outcome.status === 'stored' && expected?.status === 'stored')
            expect(outcome.replaced?.version).toBe(expected.replaced?.version)
          if (outcome.status === 'superseded') expect(compareStamps(outcome.by, entry.record)).toBeGreaterThanOrEqual(0)
        }
      }),
      { numRuns: 1_000 },
    )
  })

  test('travel once a key', () => {
    fc.assert(
      fc.property(requests, (given) => {
        const keys = joinPuts(given).items.map((entry) => entry.record.key)
        expect(keys).toEqual([...new Set(given.flat().map((entry) => entry.record.key))])
      }),
    )
  })

  test.each([
    [[valueAt(7, ':a')], [valueAt(7, ':a')]],
    [[valueAt(6, ':a')], [valueAt(7, ':a')]],
    [[valueAt(7, ':a')], [valueAt(6, ':a')]],
  ])('mend what any of them has to mend', (first, second) => {
    const mending = first.map((each) => ({ record: each, mendsCorrupt: true }))
    expect(joinPuts([mending, putsOf(...second)]).items).toMatchObject([{ mendsCorrupt: true }])
    expect(joinPuts([putsOf(...second), mending]).items).toMatchObject([{ mendsCorrupt: true }])
    expect(joinPuts([putsOf(...first), putsOf(...second)]).items).toMatchObject([{ mendsCorrupt: false }])
  })

  test('a deletion that waits between two writes tells of neither, but of what was there before', () => {
    const store = storeWith([valueAt(3, ':a')])
    const given = [putsOf(valueAt(4, ':a')), putsOf(tombstoneAt(5, ':a')), putsOf(valueAt(6, ':a'))]
    const [, deletion, last] = [...joined(store, given).values()]
    expect(deletion).toMatchObject({ status: 'stored', replaced: { version: versionAt(3), kind: 'value' } })
    expect(last).toMatchObject({ status: 'stored', replaced: { version: versionAt(5), kind: 'tombstone' } })
  })

  test('the newest tells of what was there when that is newer than those that travelled with it', () => {
    const store = storeWith([valueAt(5, ':a')])
    const outcomes = [...joined(store, [putsOf(tombstoneAt(4, ':a')), putsOf(tombstoneAt(6, ':a'))]).values()]
    expect(outcomes[1]).toMatchObject({ status: 'stored', replaced: { version: versionAt(5), kind: 'value' } })
  })
})

test('reads that are joined ask for each key once, and everyone gets the answers to what was asked', () => {
  fc.assert(
    fc.property(fc.array(fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'))), (given) => {
      const join = joinReads<string>(given)
      expect([...join.items].sort()).toEqual([...new Set(given.flat())].sort())
      const answers = join.items.map((each) => `answer to ${each}`)
      for (const [index, keys] of given.entries())
        expect(join.split(index, answers)).toEqual(keys.map((each) => `answer to ${each}`))
    }),
  )
})

function newestOf(given: readonly (readonly Entry[])[], at: string): Entry {
  const entries = given.flat().filter((entry) => entry.record.key === at)
  return entries.reduce((newest, entry) => (compareRecords(entry.record, newest.record) >= 0 ? entry : newest))
}

/** Whether it was stored, or another entry with the same record. */
function isStored(outcomes: ReadonlyMap<Entry, PutOutcome>, { record }: Entry): boolean {
  return [...outcomes].some(([entry, { status }]) => {
    return entry.record.key === record.key && compareRecords(entry.record, record) === 0 && status === 'stored'
  })
}

function longestOf(at: string, before: readonly VersionedRecord[], given: readonly (readonly Entry[])[]): number {
  const records = [...before, ...given.flat().map((entry) => entry.record)].filter((each) => each.key === at)
  return Math.max(0, ...records.map(({ retainUntilMs }) => retainUntilMs))
}
