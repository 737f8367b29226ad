import assert from 'node:assert/strict'
import { newTombstone, newValue, type RecordStamp, type VersionedRecord } from '../../src/core/record.ts'
import type { PutOutcome, Replica } from '../../src/replica.ts'
import { conformanceCase, patient } from './conformance-case.ts'
import { putsOf, tombstoneAt, userKey, valueAt, versionAt } from './samples.ts'
import type { ConformanceSubject, TestApi } from './subject.ts'

const key = userKey('order')

/** Every pair is older, then newer, by the one order of records. Made when used: tombstones carry the time of day. */
const pairs: readonly (readonly [name: string, pair: () => [older: VersionedRecord, newer: VersionedRecord]])[] = [
  ['a later time wins', () => [valueAt(1, key), valueAt(2, key)]],
  ['a time with more digits wins', () => [valueAt(0xff, key), valueAt(0x100, key)]],
  ['a later time wins over a larger writer id', () => [at(1, 0xffff), at(2, 1)]],
  ['at the same time the larger writer id wins', () => [at(1, 9), at(1, 10)]],
  ['a later value wins over a tombstone', () => [tombstoneAt(1, key), valueAt(2, key)]],
  ['a later tombstone wins over a value', () => [valueAt(1, key), tombstoneAt(2, key)]],
  ['a later tombstone wins over a tombstone', () => [tombstoneAt(1, key), tombstoneAt(2, key)]],
  ['at equal versions a tombstone wins over a value', () => [valueAt(1, key), tombstoneAt(1, key)]],
  ['at equal versions the larger payload wins', () => [valueAt(1, key, 'a'), valueAt(1, key, 'b')]],
  ['a prefix is the smaller payload', () => [valueAt(1, key, 'a'), valueAt(1, key, 'aa')]],
  ['an empty payload is the smallest', () => [valueAt(1, key, ''), valueAt(1, key, '\u0001')]],
  ['case is ordered by bytes', () => [valueAt(1, key, 'B'), valueAt(1, key, 'a')]],
  ['accents are ordered by bytes', () => [valueAt(1, key, 'z'), valueAt(1, key, 'é')]],
  ['digits are ordered by bytes', () => [valueAt(1, key, '10'), valueAt(1, key, '9')]],
  ['astral characters are above all others', () => [valueAt(1, key, '\uffff'), valueAt(1, key, '\u{10000}')]],
]

/** Put if newer, one caller at a time: who wins, what the answer says, and what is kept of the loser. */
export function orderCases(test: TestApi, subject: ConformanceSubject): void {
  test.describe('order of records', () => {
    for (const [name, pair] of pairs) {
      conformanceCase(test, subject, name, (replica) => newerWinsEitherWay(replica, ...pair()))
    }
    conformanceCase(test, subject, 'the same record twice is held', sameRecordIsHeld)
  })
  test.describe('retention', () => {
    conformanceCase(test, subject, 'a record that replaces another keeps the longer retention', keepsLongerRetention)
    conformanceCase(test, subject, 'a record that is held already takes the longer retention', heldTakesLongerRetention)
    conformanceCase(test, subject, 'a superseded put changes nothing', supersededChangesNothing)
    conformanceCase(test, subject, 'expired values are kept and read', expiredValuesAreKept)
    conformanceCase(test, subject, 'a tombstone is read right after its put', tombstoneIsRead)
    conformanceCase(test, subject, 'a record past its retention is put like any other', pastRetentionIsPut)
  })
}

async function newerWinsEitherWay(replica: Replica, older: VersionedRecord, newer: VersionedRecord): Promise<void> {
  assert.deepEqual(await putOne(replica, older), stored(older, null))
  assert.deepEqual(await putOne(replica, newer), stored(merged(newer, older), older))
  assert.deepEqual(await putOne(replica, older), { status: 'superseded', by: stampOf(merged(newer, older)) })
  assert.deepEqual(await replica.getMany([key], patient), [merged(newer, older)])
}

async function sameRecordIsHeld(replica: Replica): Promise<void> {
  for (const record of [valueAt(1, key), tombstoneAt(2, key)]) {
    assert.equal((await putOne(replica, record)).status, 'stored')
    const { retainUntilMs } = await readOne(replica)
    assert.deepEqual(await putOne(replica, record), { status: 'held', retainUntilMs })
    assert.deepEqual(await readOne(replica), { ...record, retainUntilMs })
  }
}

async function keepsLongerRetention(replica: Replica): Promise<void> {
  const soonMs = Date.now() + 3_600_000
  const long = newValue(key, versionAt(1), 'long', soonMs + 60_000)
  const short = newValue(key, versionAt(2), 'short', soonMs)
  await putOne(replica, long)
  assert.deepEqual(await putOne(replica, short), stored(merged(short, long), long))
  assert.deepEqual(await readOne(replica), { ...short, retainUntilMs: long.retainUntilMs })

  const tombstone = newTombstone(key, versionAt(3), Date.now())
  assert.deepEqual(await putOne(replica, tombstone), stored(merged(tombstone, long), merged(short, long)))

  const longer = newValue(key, versionAt(4), 'longer', soonMs + 120_000)
  assert.deepEqual(await putOne(replica, longer), stored(longer, merged(tombstone, long)))
  assert.deepEqual(await readOne(replica), longer)
}

async function heldTakesLongerRetention(replica: Replica): Promise<void> {
  const record = newValue(key, versionAt(1), 'same', Date.now() + 3_600_000)
  const longer = { ...record, retainUntilMs: record.retainUntilMs + 60_000 }
  await putOne(replica, record)
  assert.deepEqual(await putOne(replica, longer), { status: 'held', retainUntilMs: longer.retainUntilMs })
  assert.deepEqual(await readOne(replica), longer)
  assert.deepEqual(await putOne(replica, record), { status: 'held', retainUntilMs: longer.retainUntilMs })
  assert.deepEqual(await readOne(replica), longer)
}

async function supersededChangesNothing(replica: Replica): Promise<void> {
  const newer = newValue(key, versionAt(2), 'newer', Date.now() + 3_600_000)
  await putOne(replica, newer)
  assert.deepEqual(await putOne(replica, valueAt(1, key)), { status: 'superseded', by: stampOf(newer) })
  assert.deepEqual(await readOne(replica), newer)
}

async function expiredValuesAreKept(replica: Replica): Promise<void> {
  const expired = { ...newValue(key, versionAt(1), 'expired', 1), retainUntilMs: Date.now() + 3_600_000 }
  const forever = { ...newValue(userKey('other'), versionAt(1), 'expired', 1), retainUntilMs: 2 ** 48 - 1 }
  await replica.putManyIfNewer(putsOf(expired, forever), patient)
  assert.deepEqual(await replica.getMany([expired.key, forever.key], patient), [expired, forever])
}

async function tombstoneIsRead(replica: Replica): Promise<void> {
  const tombstone = tombstoneAt(1, key)
  assert.deepEqual(await putOne(replica, tombstone), stored(tombstone, null))
  assert.deepEqual(await readOne(replica), tombstone)
}

async function pastRetentionIsPut(replica: Replica): Promise<void> {
  const past = newTombstone(key, versionAt(1), 1)
  assert.deepEqual(await putOne(replica, past), stored(past, null))
  // The backend's own expiry may take it at once; it must not have become anything else.
  const [answer] = await replica.getMany([key], patient)
  if (answer !== null) assert.deepEqual(answer, past)

  const value = valueAt(2, key)
  await putOne(replica, value)
  const late = newTombstone(key, versionAt(3), 1)
  assert.deepEqual(await putOne(replica, late), stored(merged(late, value), value))
  assert.deepEqual(await readOne(replica), merged(late, value))
}

async function putOne(replica: Replica, record: VersionedRecord): Promise<PutOutcome> {
  const [outcome, ...more] = await replica.putManyIfNewer([{ record }], patient)
  assert.deepEqual(more, [])
  assert.ok(outcome)
  return outcome
}

async function readOne(replica: Replica): Promise<VersionedRecord> {
  const [answer] = await replica.getMany([key], patient)
  assert.ok(answer && answer.kind !== 'corrupt', `a readable record, not ${JSON.stringify(answer)}`)
  return answer
}

function at(step: number, writer: number): VersionedRecord {
  return newValue(key, versionAt(step, writer), `by ${writer}`, null)
}

function merged(record: VersionedRecord, replaced: VersionedRecord): VersionedRecord {
  return { ...record, retainUntilMs: Math.max(record.retainUntilMs, replaced.retainUntilMs) }
}

function stored(record: VersionedRecord, replaced: VersionedRecord | null): PutOutcome {
  return {
    status: 'stored',
    retainUntilMs: record.retainUntilMs,
    replaced: replaced === null ? null : stampOf(replaced),
  }
}

function stampOf({ version, kind, expiresAtMs, retainUntilMs }: RecordStamp): RecordStamp {
  return { version, kind, expiresAtMs, retainUntilMs }
}
