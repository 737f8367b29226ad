import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { keyText, namespacePrefix } from '../../src/core/key.ts'
import { isLedgerKey, Ledger, type SweepEntry } from '../../src/core/ledger.ts'
import { newTombstone, newValue, type VersionedRecord } from '../../src/core/record.ts'
import { versionAt } from '../conformance/samples.ts'

const entry = { lineage: 'one', exchangedAtMs: 7, needsSweep: null }
const sweep: SweepEntry = {
  kind: 'full',
  sweptAtMs: 9,
  sweptFullyAtMs: 9,
  positions: { A: '1/5', __proto__x: '' },
  purge: { diedUntilMs: 3, announcedAtMs: 9 },
}
const lease = { holder: 'aaaaaaaaaaaa', untilMs: 99 }
const ids = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1 }),
  fc.constantFrom('__proto__', 'constructor', 'a:b', 'redis://host:6379/0', '\u0001', 'sweep', 'lease'),
)

describe('a ledger', () => {
  test('gives back what was put on record, for replicas of any name', () => {
    fc.assert(
      fc.property(fc.uniqueArray(ids, { maxLength: 5 }), fc.string(), (names, lineage) => {
        const ledger = new Ledger()
        for (const [index, id] of names.entries()) {
          ledger.observe([Ledger.replicaRecord(id, { ...entry, lineage, exchangedAtMs: index }, versionAt(1))])
        }
        for (const [index, id] of names.entries()) {
          expect(ledger.replica(id)).toEqual({ ...entry, lineage, exchangedAtMs: index })
        }
        expect(ledger.isEmpty).toBe(names.length === 0)
      }),
    )
  })

  test('gives back the sweep and the lease, which say nothing about any replica', () => {
    const ledger = new Ledger()
    ledger.observe([Ledger.sweepRecord(sweep, versionAt(1)), Ledger.leaseRecord(lease, versionAt(1))])
    expect([ledger.sweep, ledger.lease]).toEqual([sweep, lease])
    expect([ledger.isEmpty, ledger.replica('sweep'), ledger.replica('lease')]).toEqual([true, null, null])
  })

  test('asks for the keys under which it puts things on record', () => {
    const records = [
      Ledger.replicaRecord('A', entry, versionAt(1)),
      Ledger.replicaRecord('B', entry, versionAt(1)),
      Ledger.sweepRecord(sweep, versionAt(1)),
      Ledger.leaseRecord(lease, versionAt(1)),
    ]
    expect([...Ledger.keysFor(['A', 'B'])].sort()).toEqual(records.map(({ key }) => key).sort())
    expect(records.every(({ key }) => isLedgerKey(key))).toBe(true)
  })

  test('believes the newest that it saw, in whatever order it came', () => {
    const versions = fc.shuffledSubarray([1, 2, 3, 4, 5], { minLength: 1 })
    fc.assert(
      fc.property(versions, (times) => {
        const ledger = new Ledger()
        for (const ms of times) {
          ledger.observe([Ledger.replicaRecord('A', { ...entry, exchangedAtMs: ms }, versionAt(ms))])
        }
        expect(ledger.replica('A')?.exchangedAtMs).toBe(Math.max(...times))
      }),
    )
  })

  test('knows nothing where replicas hold nothing or damage', () => {
    const ledger = new Ledger()
    const [key = ''] = Ledger.keysFor(['A'])
    ledger.observe([null, { kind: 'corrupt', key, reason: 'the checksum does not match' }])
    expect([ledger.isEmpty, ledger.replica('A'), ledger.sweep, ledger.lease]).toEqual([true, null, null, null])
  })

  test('takes nothing that it does not understand for an entry, and nothing throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (payload) => {
        const ledger = new Ledger()
        ledger.observe(recordsWith(payload))
        const found = [ledger.replica('A'), ledger.sweep, ledger.lease]
        for (const each of found)
          if (each !== null) expect(JSON.stringify(each)).toBe(JSON.stringify(JSON.parse(payload)))
      }),
    )
  })

  test.each(['', '{', 'null', '7', '"x"', '[]', '{}', '{"lineage":1,"exchangedAtMs":2}', '{"lineage":"x"}'])(
    'takes %j for no entry, yet it is on record: this is no fresh deployment',
    (payload) => {
      const ledger = new Ledger()
      ledger.observe(recordsWith(payload))
      expect([ledger.replica('A'), ledger.sweep, ledger.lease, ledger.isEmpty]).toEqual([null, null, null, false])
    },
  )

  test('that was deleted tells nothing', () => {
    const ledger = new Ledger()
    const [key = ''] = Ledger.keysFor(['A'])
    ledger.observe([Ledger.replicaRecord('A', entry, versionAt(1)), newTombstone(key, versionAt(2), 2)])
    expect(ledger.replica('A')).toBeNull()
  })
})

test('no key of any namespace is a key of the ledger', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\u0001ledger', '\u0001', '\u0001ledger:sweep'))
  const keys = Ledger.keysFor(['A', ''])
  fc.assert(
    fc.property(fc.option(text, { nil: undefined }), text, (namespace, key) => {
      const full = keyText(namespacePrefix(namespace), key)
      expect(isLedgerKey(full)).toBe(false)
      expect(keys).not.toContain(full)
    }),
  )
})

function recordsWith(payload: string): VersionedRecord[] {
  return Ledger.keysFor(['A']).map((key) => newValue(key, versionAt(1), payload, null))
}
