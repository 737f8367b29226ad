import { describe, expect, test } from 'vitest'
import { Ledger, type PartitionEntry } from '../../src/core/ledger.ts'
import { newValue } from '../../src/core/record.ts'
import { versionAt } from '../conformance/samples.ts'

const part: PartitionEntry = {
  exchangeBeganAtMs: 7,
  lineages: { A: 'one', B: 'two' },
  full: ['A', 'B'],
  exchanged: { A: ['B'], B: ['A', 'C'] },
  positions: { A: '1/5' },
}
const replica = { lineage: 'one', exchangedAtMs: 7, needsSweep: null }
const purge = { diedUntilMs: 3, announcedAtMs: 9 }
const sweep = { kind: 'full', sweptAtMs: 9, sweptFullyAtMs: 9, positions: { A: '1/5' }, purge }
const lease = { holder: 'aaaaaaaaaaaa', untilMs: 99 }

/** What is read of the one entry that is on record under each key. */
const readers = {
  replica: (payload: string) => holding(Ledger.keysFor(['A'])[0], payload).replica('A'),
  sweep: (payload: string) => holding(Ledger.keysFor([])[0], payload).sweep,
  lease: (payload: string) => holding(Ledger.keysFor([])[1], payload).lease,
  part: (payload: string) => holding(Ledger.partitionKeys(1)[0], payload).partitions(1)[0] ?? null,
}
const entries = { replica, sweep, lease, part }

function holding(key: string | undefined, payload: string): Ledger {
  const ledger = new Ledger()
  ledger.observe([newValue(key ?? '', versionAt(1), payload, null)])
  return ledger
}

describe('the parts of a shared sweep', () => {
  test('are given back in their order, those of another number of parts apart, and what is missing left out', () => {
    const ledger = new Ledger()
    const parts = [0, 2].map((exchangeBeganAtMs) => ({ ...part, exchangeBeganAtMs }))
    const other = { ...part, exchangeBeganAtMs: 50 }
    ledger.observe([
      Ledger.partitionRecord({ partition: 2, of: 3 }, { ...part, exchangeBeganAtMs: 2 }, versionAt(1)),
      Ledger.partitionRecord({ partition: 0, of: 3 }, { ...part, exchangeBeganAtMs: 0 }, versionAt(1)),
      Ledger.partitionRecord({ partition: 0, of: 2 }, other, versionAt(1)),
    ])
    expect(ledger.partitions(3)).toEqual(parts)
    expect(ledger.partitions(2)).toEqual([other])
    expect(ledger.partitions(1)).toEqual([])
    expect(ledger.records).toHaveLength(3)
  })

  test('are on record under one key each, and say nothing about any replica', () => {
    const keys = Ledger.partitionKeys(3)
    expect(new Set([...keys, ...Ledger.partitionKeys(2)]).size).toBe(5)
    expect(keys).toEqual(
      [0, 1, 2].map((partition) => Ledger.partitionRecord({ partition, of: 3 }, part, versionAt(1)).key),
    )
    expect(keys.every((key) => key.startsWith('\u0001ledger:partition:'))).toBe(true)
  })
})

/** Members that no entry has: each is put in the place of a right one. */
const wrongMembers = {
  replica: { lineage: [7, null], exchangedAtMs: ['7', null], needsSweep: [7, false] },
  sweep: {
    kind: ['half', 7, null],
    sweptAtMs: ['9', null],
    sweptFullyAtMs: ['9'],
    positions: [null, 7, 'x', [], ['x'], { A: 7 }, { A: 'x', B: 7 }],
    purge: [7, 'x', [], {}, { diedUntilMs: 3 }, { ...purge, diedUntilMs: '3' }, { ...purge, announcedAtMs: null }],
  },
  lease: { holder: [7], untilMs: ['99'] },
  part: {
    exchangeBeganAtMs: ['7'],
    lineages: [null, ['one'], { A: 7 }],
    full: [null, 'A', {}, [7], ['A', 7]],
    exchanged: [null, [['A']], { A: 'B' }, { A: [7] }, { A: ['B'], B: ['A', 7] }],
    positions: [null, ['x'], { A: 7 }],
  },
}

describe.each(['replica', 'sweep', 'lease', 'part'] as const)('the entry of a %s', (name) => {
  const entry = entries[name]

  test('is read back', () => {
    expect(readers[name](JSON.stringify(entry))).toEqual(entry)
  })

  test.each(
    Object.entries(wrongMembers[name]).flatMap(([member, values]) =>
      values.map((value) => [member, JSON.stringify(value), value] as const),
    ),
  )('is none when its %s is %s', (member, _text, value) => {
    expect(readers[name](JSON.stringify({ ...entry, [member]: value }))).toBeNull()
  })

  test.each(Object.keys(entry))('is none without its %s', (member) => {
    const rest = Object.entries(entry).filter(([each]) => each !== member)
    expect(readers[name](JSON.stringify(Object.fromEntries(rest)))).toBeNull()
  })
})
