import assert from 'node:assert/strict'
import { bucketOf } from '../../src/core/digest.ts'
import { hashSpace, inRange, keyHash, wholeRange } from '../../src/core/hash.ts'
import { newTombstone, newValue, type ScanEntry, storedHeadOf, type VersionedRecord } from '../../src/core/record.ts'
import { isRetired } from '../../src/core/retirement.ts'
import type { Replica, ScanOptions } from '../../src/replica.ts'
import { conformanceCase, patient, patientScan } from './conformance-case.ts'
import { numberedKeys, putsOf, tombstoneAt, userKey, valueAt, versionAt } from './samples.ts'
import { scanAll } from './scan-all.ts'
import type { ConformanceSubject, TestApi } from './subject.ts'

const hourMs = 3_600_000

/** A filtered scan may give too much, because its caller looks again; it never gives too little, or anything else. */
export function filterCases(test: TestApi, subject: ConformanceSubject): void {
  test.describe('a filtered scan', () => {
    conformanceCase(test, subject, 'gives at least every record of the buckets', ofBuckets)
    conformanceCase(test, subject, 'gives at least every record that is retired', ofRetired)
    conformanceCase(test, subject, 'of nothing ends', async (replica) => {
      await putDrawn(replica)
      const found = await scanAll(replica, { ...patientScan, buckets: [] })
      await expectAtLeast(replica, found, [])
    })
  })
  test.describe('checksums in a scan', () => {
    conformanceCase(test, subject, 'stay when the retention is raised', async (replica) => {
      const record = tombstoneAt(1, userKey('raised'))
      const raised = { ...record, retainUntilMs: record.retainUntilMs + hourMs }
      await replica.putManyIfNewer(putsOf(record), patient)
      await replica.putManyIfNewer(putsOf(raised), patient)
      assert.deepEqual(await scanAll(replica, patientScan), [storedHeadOf(raised)])
      assert.equal(storedHeadOf(raised).checksum, storedHeadOf(record).checksum)
    })
    conformanceCase(test, subject, 'are those of the record, whatever it holds', async (replica) => {
      const records = [
        valueAt(1, userKey('empty'), ''),
        valueAt(1, userKey('astral 😀'), '😀 é e\u0301'),
        valueAt(1, userKey('large'), 'x'.repeat(50_000)),
        newValue(userKey('expires'), versionAt(1), 'payload', Date.now() + hourMs),
      ]
      await replica.putManyIfNewer(putsOf(...records), patient)
      const found = await scanAll(replica, patientScan)
      assert.deepEqual(
        new Set(found.map(({ checksum }) => checksum)),
        new Set(records.map((each) => storedHeadOf(each).checksum)),
      )
    })
  })
}

async function ofBuckets(replica: Replica): Promise<void> {
  const records = await putDrawn(replica)
  const buckets = [...new Set(records.slice(0, 40).map(({ key }) => bucketOf(keyHash(key))))].toSorted((a, b) => a - b)
  const isMeant = (record: VersionedRecord) => buckets.includes(bucketOf(keyHash(record.key)))
  await expectAtLeast(replica, await scanAll(replica, { ...patientScan, buckets }), records.filter(isMeant))

  const [first] = buckets
  assert.ok(first !== undefined)
  const ofFirst = records.filter(({ key }) => bucketOf(keyHash(key)) === first)
  await expectAtLeast(replica, await scanAll(replica, { ...patientScan, buckets: [first] }), ofFirst)

  const lower = { from: 0, to: hashSpace / 2 }
  const options: ScanOptions = { ...patientScan, buckets, keyPrefix: userKey('tombstone'), pageKeysMax: 3 }
  const found = await scanAll(replica, options, lower)
  const meant = (record: VersionedRecord) =>
    inRange(keyHash(record.key), lower) && record.key.startsWith(userKey('tombstone'))
  await expectAtLeast(replica, found, records.filter(isMeant).filter(meant))
  assert.ok(found.every(({ key }) => key.startsWith(userKey('tombstone')) && inRange(keyHash(key), lower)))
}

async function ofRetired(replica: Replica): Promise<void> {
  const records = await putDrawn(replica)
  const nowMs = Date.now()
  const retirements = [
    { retainedUntilMs: 0, diedUntilMs: -1 },
    { retainedUntilMs: nowMs + hourMs, diedUntilMs: -1 },
    { retainedUntilMs: 0, diedUntilMs: 40 },
    { retainedUntilMs: nowMs + 3 * hourMs, diedUntilMs: nowMs },
  ]
  for (const retired of retirements) {
    const meant = records.filter((record) => isRetired(record, retired))
    await expectAtLeast(replica, await scanAll(replica, { ...patientScan, retired }), meant)
  }
}

/** Values, expired values and tombstones, of which some are to be kept for an hour, some for two. */
async function putDrawn(replica: Replica): Promise<VersionedRecord[]> {
  const nowMs = Date.now()
  const retained = (record: VersionedRecord, index: number) => ({
    ...record,
    retainUntilMs: nowMs + (index % 2 === 0 ? 0.5 : 2) * hourMs,
  })
  const records = [
    ...numberedKeys(80, 'value').map((key, index) => valueAt(index + 1, key)),
    ...numberedKeys(80, 'tombstone').map((key, index) =>
      retained(newTombstone(key, versionAt(index + 1), nowMs), index),
    ),
    ...numberedKeys(80, 'expired').map((key, index) =>
      retained(newValue(key, versionAt(1), 'expired', index + 1), index),
    ),
  ]
  await replica.putManyIfNewer(putsOf(...records), patient)
  return records
}

async function expectAtLeast(
  replica: Replica,
  found: readonly ScanEntry[],
  meant: readonly VersionedRecord[],
): Promise<void> {
  const held = new Map((await scanAll(replica, patientScan, wholeRange)).map((entry) => [entry.key, entry]))
  const foundKeys = new Set(found.map(({ key }) => key))
  for (const entry of found) assert.deepEqual(entry, held.get(entry.key))
  assert.deepEqual(
    meant.filter(({ key }) => !foundKeys.has(key)),
    [],
    'records that the filter means and the scan did not give',
  )
}
