import assert from 'node:assert/strict'
import {
  addDigest,
  addToDigest,
  bucketsCount,
  type Digest,
  emptyDigest,
  rangeOfBuckets,
} from '../../src/core/digest.ts'
import { type HashRange, hashSpace, keyHash, wholeRange } from '../../src/core/hash.ts'
import { newTombstone, newValue, storedHeadOf, type VersionedRecord } from '../../src/core/record.ts'
import { isRetired, type Retirement } from '../../src/core/retirement.ts'
import type { DigestOptions, Replica } from '../../src/replica.ts'
import { conformanceCase, patient, patientScan } from './conformance-case.ts'
import { headOf, numberedKeys, putsOf, tombstoneAt, userKey, valueAt, versionAt } from './samples.ts'
import { scanAll } from './scan-all.ts'
import type { ConformanceSubject, TestApi } from './subject.ts'

const nothingRetired: Retirement = { retainedUntilMs: 0, diedUntilMs: -1 }
const hourMs = 3_600_000

/** So many records are tried, and so many a step may look at. */
const recordsTried = 25_000
const stepRecordsMax = 20_000

/** Digests agree with what a scan finds, to the last bit: replicas are compared by them. */
export function digestCases(test: TestApi, subject: ConformanceSubject): void {
  const declare = (name: string, body: (replica: Replica) => Promise<void>) =>
    conformanceCase(test, subject, name, async (replica) => {
      if (replica.digest !== undefined) await body(replica)
    })
  test.describe('digest, where the replica has it', () => {
    declare('of an empty replica is all zero', async (replica) => {
      assert.deepEqual(await digestOf(replica), emptyDigest())
    })
    declare('sums what a scan finds: values, expired values and tombstones, replaced ones and purged ones', sumsAll)
    declare('sums no more and no less than the range', sumsRanges)
    declare('leaves out what is retired, to the ms', leavesOutRetired)
    declare(`looks at no more than ${stepRecordsMax} records a step`, stepsAreBounded)
    declare('rejects when it is aborted', async (replica) => {
      await replica.putManyIfNewer(putsOf(...numberedKeys(50).map((key) => valueAt(1, key))), patient)
      await assert.rejects(digestOf(replica, wholeRange, { signal: AbortSignal.abort() }))
    })
    declare('rejects when the replica is closed', async (replica) => {
      await replica.putManyIfNewer(putsOf(...numberedKeys(50).map((key) => valueAt(1, key))), patient)
      await replica.close()
      await assert.rejects(digestOf(replica), { name: 'ReplicaError', code: 'CLOSED' })
    })
  })
}

async function sumsAll(replica: Replica): Promise<void> {
  const keys = numberedKeys(300)
  const values = keys.map((key, index) => valueAt(index + 1, key))
  const others = [
    tombstoneAt(2, userKey('tombstone')),
    { ...newValue(userKey('expired'), versionAt(3), 'expired', 1), retainUntilMs: Date.now() + hourMs },
    newValue(userKey('expires'), versionAt(4), 'expires', Date.now() + hourMs),
    valueAt(5, userKey('large'), 'x'.repeat(20_000)),
    valueAt(6, userKey('empty'), ''),
    valueAt(7, userKey('Ä é e\u0301 % _ * 😀')),
    valueAt(8, userKey(`long ${'k'.repeat(1_000)}`)),
  ]
  await replica.putManyIfNewer(putsOf(...values, ...others), patient)
  await expectSumOfScan(replica, keys.length + others.length)

  const replaced = keys
    .slice(0, 60)
    .map((key, index) => (index % 2 === 0 ? valueAt(1_000, key) : tombstoneAt(1_000, key)))
  await replica.putManyIfNewer(putsOf(...replaced), patient)
  await replica.putManyIfNewer(putsOf(...keys.slice(0, 60).map((key) => valueAt(500, key))), patient)
  await replica.putManyIfNewer(
    putsOf(...others.map((record) => ({ ...record, retainUntilMs: Date.now() + 2 * hourMs }))),
    patient,
  )
  await replica.purgeMany(values.slice(60, 120).map(headOf), patient)
  await expectSumOfScan(replica, keys.length + others.length - 60)
}

async function expectSumOfScan(replica: Replica, records: number): Promise<void> {
  const held = await scanAll(replica, patientScan)
  assert.equal(held.length, records)
  const digest = await digestOf(replica)
  assert.deepEqual(digest, sumOf(held, nothingRetired))
  assert.notDeepEqual(digest, emptyDigest())
}

async function sumsRanges(replica: Replica): Promise<void> {
  await replica.putManyIfNewer(putsOf(...numberedKeys(400).map((key, index) => valueAt(index + 1, key))), patient)
  const whole = await digestOf(replica)
  // Sixteenths end in the middle of buckets.
  const sixteenths = Array.from({ length: 16 }, (_, index) => ({
    from: (index * hashSpace) / 16,
    to: ((index + 1) * hashSpace) / 16,
  }))
  const thirds = [0, 1, 2].map((index) => rangeOfBuckets(cut(index), cut(index + 1)))
  for (const ranges of [sixteenths, thirds]) {
    const sum = emptyDigest()
    for (const range of ranges) {
      const digest = await digestOf(replica, range)
      assert.deepEqual(digest, sumOf(await scanAll(replica, patientScan, range), nothingRetired))
      addDigest(sum, digest)
    }
    assert.deepEqual(sum, whole)
  }
  assert.deepEqual(await digestOf(replica, { from: 0, to: 0 }), emptyDigest())
}

function cut(third: number): number {
  return Math.floor((third * bucketsCount) / 3)
}

async function leavesOutRetired(replica: Replica): Promise<void> {
  const nowMs = Date.now()
  const keptUntilMs = nowMs + hourMs
  const kept = (record: VersionedRecord, moreMs = 0) => ({ ...record, retainUntilMs: keptUntilMs + moreMs })
  const records = [
    valueAt(1, userKey('live')),
    kept(valueAt(1, userKey('live and not to be kept'))),
    kept(newTombstone(userKey('tombstone'), versionAt(5_000), nowMs)),
    kept(newTombstone(userKey('later tombstone'), versionAt(5_001), nowMs)),
    kept(newTombstone(userKey('tombstone, kept longer'), versionAt(5_000), nowMs), 1),
    kept(newValue(userKey('expired'), versionAt(1), 'expired', 5_000)),
    kept(newValue(userKey('expired later, kept longer'), versionAt(1), 'expired', 5_001), 1),
    newValue(userKey('expires'), versionAt(1), 'expires', keptUntilMs),
  ]
  await replica.putManyIfNewer(putsOf(...records), patient)
  const held = await scanAll(replica, patientScan)
  const retirements = [
    nothingRetired,
    { retainedUntilMs: keptUntilMs - 1, diedUntilMs: -1 },
    { retainedUntilMs: keptUntilMs, diedUntilMs: -1 },
    { retainedUntilMs: keptUntilMs + 1, diedUntilMs: -1 },
    { retainedUntilMs: 0, diedUntilMs: 4_999 },
    { retainedUntilMs: 0, diedUntilMs: 5_000 },
    { retainedUntilMs: 0, diedUntilMs: nowMs },
    { retainedUntilMs: keptUntilMs, diedUntilMs: 5_000 },
  ]
  for (const retirement of retirements) {
    const digest = await digestOf(replica, wholeRange, { retirement })
    assert.deepEqual(digest, sumOf(held, retirement), JSON.stringify(retirement))
    const retired = await retiredToldBy(replica, retirement)
    const { length } = held.filter((entry) => isRetired(entry, retirement))
    // At least so many: a sweep takes 0 for a promise that there is none.
    assert.ok(retired === null || retired >= length, `told of ${retired} retired records of ${length}`)
  }
}

async function retiredToldBy(replica: Replica, retirement: Retirement): Promise<number | null> {
  let told = 0
  for await (const { retired } of digestSteps(replica, wholeRange, { retirement })) {
    if (retired === undefined) return null
    told += retired
  }
  return told
}

async function stepsAreBounded(replica: Replica): Promise<void> {
  const sizeMax = Math.min(replica.limits.batchKeysMax, 1_000)
  const keys = numberedKeys(recordsTried)
  for (let start = 0; start < keys.length; start += sizeMax) {
    const records = keys.slice(start, start + sizeMax).map((key) => valueAt(1, key))
    await replica.putManyIfNewer(putsOf(...records), patient)
  }
  const sums = emptyDigest()
  let looked = 0
  for await (const step of digestSteps(replica, wholeRange, {})) {
    assert.ok(step.records <= stepRecordsMax, `a step looked at ${step.records} records`)
    looked += step.records
    if (step.sums !== null) addDigest(sums, step.sums)
  }
  assert.ok(looked >= recordsTried, `the steps looked at ${looked} of ${recordsTried} records`)
  assert.deepEqual(
    sums,
    sumOf(
      keys.map((key) => storedHeadOf(valueAt(1, key))),
      nothingRetired,
    ),
  )
}

/** The digest of a replica, out of its steps. */
export async function digestOf(
  replica: Replica,
  range: HashRange = wholeRange,
  options: Partial<DigestOptions> = {},
): Promise<Digest> {
  const digest = emptyDigest()
  for await (const { sums } of digestSteps(replica, range, options)) if (sums !== null) addDigest(digest, sums)
  return digest
}

function digestSteps(replica: Replica, range: HashRange, options: Partial<DigestOptions>) {
  assert.ok(replica.digest !== undefined)
  return replica.digest(range, { stepTimeoutMs: patient.timeoutMs, retirement: nothingRetired, ...options })
}

function sumOf(entries: Awaited<ReturnType<typeof scanAll>>, retirement: Retirement): Digest {
  const digest = emptyDigest()
  for (const entry of entries) {
    if (!isRetired(entry, retirement)) addToDigest(digest, keyHash(entry.key), entry.checksum)
  }
  return digest
}
