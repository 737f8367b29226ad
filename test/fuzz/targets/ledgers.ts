import fc from 'fast-check'
import { Ledger, type PartitionEntry } from '../../../src/core/ledger.ts'
import { newValue, type VersionedRecord } from '../../../src/core/record.ts'
import { standingOf } from '../../../src/core/standing.ts'
import { versionBefore } from '../../../src/core/version.ts'
import { hostileText, hostileValue } from '../hostile-text.ts'
import { mutatedText } from '../mutated-text.ts'
import { assertNothingAdded } from '../prototypes.ts'
import type { FuzzTarget } from '../target.ts'

const version = versionBefore(1_000)
const ids = ['a', '__proto__', 'constructor']
const replicaEntry = { lineage: 'l', exchangedAtMs: 1, needsSweep: null }
const sweepEntry = {
  kind: 'full',
  sweptAtMs: 1,
  sweptFullyAtMs: null,
  positions: { a: '1' },
  purge: { diedUntilMs: 1, announcedAtMs: 2 },
} as const
const partitionEntry = {
  exchangeBeganAtMs: 1,
  lineages: { a: 'l' },
  full: ['a'],
  exchanged: { a: ['b'] },
  positions: { a: '1' },
}
const valid: readonly VersionedRecord[] = [
  ...ids.map((id) => Ledger.replicaRecord(id, replicaEntry, version)),
  Ledger.sweepRecord(sweepEntry, version),
  Ledger.leaseRecord({ holder: 'h', untilMs: 1 }, version),
  Ledger.partitionRecord({ partition: 0, of: 1 }, partitionEntry, version),
]

/** JSON in which any member may be of another type. */
const distorted = fc
  .tuple(fc.constantFrom(...valid), fc.array(fc.tuple(fc.nat({ max: 8 }), hostileValue), { maxLength: 3 }))
  .map(([record, changes]) => {
    const entry: Record<string, unknown> = JSON.parse(record.payload)
    const names = Object.keys(entry)
    for (const [place, value] of changes) entry[names[place % names.length] ?? ''] = value
    return { key: record.key, payload: textOf(entry) }
  })

const mutated = fc
  .constantFrom(...valid)
  .chain(({ key, payload }) => mutatedText(fc.constant(payload)).map((text) => ({ key, payload: text })))

function textOf(entry: unknown): string {
  return JSON.stringify(entry, (_name, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
}

/** Holds whatever the ledger takes for an entry against the types that it states. */
function readAll(ledger: Ledger): void {
  for (const id of ids) readReplica(ledger, id)
  readSweep(ledger)
  for (const part of ledger.partitions(1)) readPartition(part)
  const { lease } = ledger
  if (lease === null) return
  assertType(lease.holder, 'string')
  assertTime(lease.untilMs)
}

function readReplica(ledger: Ledger, id: string): void {
  const recorded = ledger.replica(id)
  if (recorded === null) return
  assertType(recorded.lineage, 'string')
  assertTime(recorded.exchangedAtMs)
  if (recorded.needsSweep !== null) assertType(recorded.needsSweep, 'string')
  standingOf({ lineage: 'l', recorded, purge: ledger.sweep?.purge ?? null, nowMs: 9, gcGraceMs: 60_000 })
}

function readSweep({ sweep }: Ledger): void {
  if (sweep === null) return
  if (sweep.kind !== 'full' && sweep.kind !== 'incremental') throw new Error('a kind that is none')
  for (const time of [sweep.sweptAtMs, sweep.sweptFullyAtMs ?? 0]) assertTime(time)
  for (const position of Object.values(sweep.positions)) assertType(position, 'string')
  if (sweep.purge === null) return
  for (const time of [sweep.purge.announcedAtMs, sweep.purge.diedUntilMs]) assertTime(time)
}

function readPartition({ exchangeBeganAtMs, lineages, full, positions, exchanged }: PartitionEntry): void {
  assertTime(exchangeBeganAtMs)
  const texts = [...Object.values(lineages), ...full, ...Object.values(positions), ...Object.values(exchanged).flat()]
  for (const text of texts) assertType(text, 'string')
}

function assertType(value: unknown, type: string): void {
  if (typeof value !== type) throw new Error(`${type} expected, not ${typeof value}`)
}

function assertTime(value: unknown): void {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Error('a time that is none')
}

/** The store's own records, as a damaged or a later store may have left them: they tell what they state, or nothing. */
export const ledgerTarget: FuzzTarget = {
  name: 'ledgers',
  casesPerRound: 3_000,
  open: () => ({
    property: fc.property(
      fc.array(fc.oneof(distorted, mutated), { minLength: 1, maxLength: 3 }),
      hostileText,
      (drawn, id) => {
        const ledger = new Ledger()
        ledger.observe(drawn.map(({ key, payload }) => newValue(key, version, payload, null)))
        ledger.replica(id)
        readAll(ledger)
        assertNothingAdded()
      },
    ),
  }),
}
