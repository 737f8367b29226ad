import assert from 'node:assert/strict'
import { storedHeadOf, type VersionedRecord } from '../../src/core/record.ts'
import type { Replica } from '../../src/replica.ts'
import { conformanceCase, patient } from './conformance-case.ts'
import { headOf, numberedKeys, putsOf, tombstoneAt, userKey, valueAt } from './samples.ts'
import type { ConformanceSubject, TestApi } from './subject.ts'

/** The largest batch that a case sends, where an adapter allows even larger ones. */
const batchKeysTried = 5000

/** One answer for each entry, in the order of the request, whatever is there and whatever is not. */
export function answerCases(test: TestApi, subject: ConformanceSubject): void {
  test.describe('answers', () => {
    conformanceCase(test, subject, 'a key that was never written is null, not an error', absenceIsNull)
    conformanceCase(test, subject, 'empty requests get empty answers', emptyRequests)
    conformanceCase(test, subject, 'answers come in the order of the request', answersInOrder)
    conformanceCase(test, subject, 'getVersions gives the heads of getMany', versionsAreHeads)
    conformanceCase(test, subject, 'a batch of batchKeysMax entries is taken whole', largestBatch)
    conformanceCase(test, subject, 'as many calls as callsInFlightMax are answered together', mostCalls)
    conformanceCase(test, subject, 'states the guarantees that the subject states', async (replica) => {
      assert.deepEqual(replica.guarantees, subject.guarantees)
      assert.ok(Number.isInteger(replica.limits.batchKeysMax) && replica.limits.batchKeysMax >= 1)
      assert.ok(Number.isInteger(replica.limits.callsInFlightMax) && replica.limits.callsInFlightMax >= 1)
      assert.notEqual(replica.id, '')
    })
  })
}

async function absenceIsNull(replica: Replica): Promise<void> {
  const keys = numberedKeys(3)
  assert.deepEqual(await replica.getMany(keys, patient), [null, null, null])
  assert.deepEqual(await replica.getVersions(keys, patient), [null, null, null])
}

async function emptyRequests(replica: Replica): Promise<void> {
  assert.deepEqual(await replica.getMany([], patient), [])
  assert.deepEqual(await replica.getVersions([], patient), [])
  assert.deepEqual(await replica.putManyIfNewer([], patient), [])
  assert.deepEqual(await replica.purgeMany([], patient), [])
}

async function answersInOrder(replica: Replica): Promise<void> {
  const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map(userKey) as [string, string, string, string, string]
  await replica.putManyIfNewer(putsOf(valueAt(5, d), valueAt(1, b), valueAt(3, a)), patient)
  assert.deepEqual(await replica.getMany([e, d, c, b, a], patient), [
    null,
    valueAt(5, d),
    null,
    valueAt(1, b),
    valueAt(3, a),
  ])

  const outcomes = await replica.putManyIfNewer(
    putsOf(valueAt(4, d), valueAt(1, c), valueAt(3, a), valueAt(2, b), valueAt(9, e)),
    patient,
  )
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['superseded', 'stored', 'held', 'stored', 'stored'],
  )
  assert.deepEqual(await replica.purgeMany([valueAt(9, e), valueAt(4, d), valueAt(1, c)].map(headOf), patient), [
    true,
    false,
    true,
  ])
  assert.deepEqual(await replica.getMany([c, e, d], patient), [null, null, valueAt(5, d)])
}

async function versionsAreHeads(replica: Replica): Promise<void> {
  const keys = numberedKeys(6)
  const records = keys
    .slice(1)
    .map((key, index) => (index % 2 === 0 ? valueAt(index + 1, key) : tombstoneAt(index, key)))
  await replica.putManyIfNewer(putsOf(...records), patient)
  assert.deepEqual(await replica.getMany(keys, patient), [null, ...records])
  assert.deepEqual(await replica.getVersions(keys, patient), [null, ...records.map(storedHeadOf)])
}

async function largestBatch(replica: Replica): Promise<void> {
  const keys = numberedKeys(Math.min(replica.limits.batchKeysMax, batchKeysTried))
  const records = keys.map((key, index) => valueAt(index + 1, key))
  await expectAllStored(replica, records)
  assert.deepEqual(await replica.getMany(keys, patient), records)
  assert.deepEqual(await replica.getVersions(keys, patient), records.map(storedHeadOf))
  const purged = await replica.purgeMany(records.map(headOf), patient)
  assert.deepEqual(purged, Array(keys.length).fill(true))
  assert.deepEqual(await replica.getMany(keys, patient), Array(keys.length).fill(null))
}

async function mostCalls(replica: Replica): Promise<void> {
  const records = numberedKeys(replica.limits.callsInFlightMax).map((key, index) => valueAt(index + 1, key))
  await Promise.all(records.map((record) => expectAllStored(replica, [record])))
  const answers = await Promise.all(records.map(({ key }) => replica.getMany([key], patient)))
  assert.deepEqual(answers.flat(), records)
}

async function expectAllStored(replica: Replica, records: readonly VersionedRecord[]): Promise<void> {
  const outcomes = await replica.putManyIfNewer(putsOf(...records), patient)
  assert.deepEqual(
    outcomes,
    records.map(({ retainUntilMs }) => ({ status: 'stored', retainUntilMs, replaced: null })),
  )
}
