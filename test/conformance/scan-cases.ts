import assert from 'node:assert/strict'
import { hashSpace, inRange, keyHash, wholeRange } from '../../src/core/hash.ts'
import { namespacePrefix } from '../../src/core/key.ts'
import { newValue, storedHeadOf, type VersionedRecord } from '../../src/core/record.ts'
import type { Replica } from '../../src/replica.ts'
import { conformanceCase, patient, patientScan } from './conformance-case.ts'
import { headOf, numberedKeys, putsOf, tombstoneAt, userKey, valueAt, versionAt } from './samples.ts'
import { scanAll, sortByKey } from './scan-all.ts'
import type { ConformanceSubject, TestApi } from './subject.ts'

const likePatterns = [
  'a',
  'A',
  'a%',
  'a_',
  'a*',
  'a?',
  'a[b]',
  'a[',
  'a]',
  'a\\',
  'a\\%',
  'ab',
  'a%b',
  'a_b',
  'a*b',
  'é',
  'e\u0301',
  '{a}',
]

/** Scans find everything that was held throughout, in bounded pages, or fail: they never just end early. */
export function scanCases(test: TestApi, subject: ConformanceSubject): void {
  test.describe('scan', () => {
    conformanceCase(test, subject, 'of an empty replica ends', async (replica) => {
      assert.deepEqual(await scanAll(replica, patientScan), [])
    })
    conformanceCase(test, subject, 'gives the heads of values, expired values and tombstones', givesDeadRecords)
    conformanceCase(test, subject, 'gives every key in exactly one of 16 ranges', rangesPartition)
    conformanceCase(test, subject, 'takes a key prefix literally', prefixIsLiteral)
    conformanceCase(test, subject, 'keeps namespaces apart by their prefixes', namespacesStayApart)
    conformanceCase(test, subject, 'gives pages no larger than asked for', pagesAreBounded)
    conformanceCase(test, subject, 'finds all that is held throughout while others write', completeWhileWriting)
    conformanceCase(test, subject, 'rejects when it is aborted', rejectsWhenAborted)
    conformanceCase(test, subject, 'rejects when the replica is closed meanwhile', rejectsWhenClosed)
    conformanceCase(test, subject, 'may be left early', leftEarly)
  })
}

async function givesDeadRecords(replica: Replica): Promise<void> {
  const records = [
    valueAt(1, userKey('value')),
    tombstoneAt(2, userKey('tombstone')),
    { ...newValue(userKey('expired'), versionAt(3), 'expired', 1), retainUntilMs: Date.now() + 3_600_000 },
  ]
  await replica.putManyIfNewer(putsOf(...records), patient)
  assert.deepEqual(await scanAll(replica, patientScan), sortByKey(records.map(storedHeadOf)))
}

async function rangesPartition(replica: Replica): Promise<void> {
  const records = await putNumbered(replica, 400)
  const width = hashSpace / 16
  let found = 0
  for (let from = 0; from < hashSpace; from += width) {
    const range = { from, to: from + width }
    const expected = records.filter(({ key }) => inRange(keyHash(key), range))
    assert.deepEqual(await scanAll(replica, patientScan, range), sortByKey(expected.map(storedHeadOf)))
    found += expected.length
  }
  assert.equal(found, records.length)
  assert.deepEqual(await scanAll(replica, patientScan, { from: 0, to: 0 }), [])

  const [record] = records as [VersionedRecord]
  const hash = keyHash(record.key)
  assert.ok((await scanAll(replica, patientScan, { from: hash, to: hash + 1 })).some(({ key }) => key === record.key))
  assert.ok((await scanAll(replica, patientScan, { from: 0, to: hash })).every(({ key }) => key !== record.key))
}

async function prefixIsLiteral(replica: Replica): Promise<void> {
  const records = likePatterns.map((text, index) => valueAt(index + 1, userKey(text)))
  await replica.putManyIfNewer(putsOf(...records), patient)
  for (const text of likePatterns) {
    const keyPrefix = userKey(text)
    const expected = sortByKey(records.filter(({ key }) => key.startsWith(keyPrefix)).map(storedHeadOf))
    assert.deepEqual(await scanAll(replica, { ...patientScan, keyPrefix }), expected, `prefix ${text}`)
  }
}

async function namespacesStayApart(replica: Replica): Promise<void> {
  const prefixes = [undefined, 'a', 'a:', 'a:b', 'A', 'a%', 'a*', 'ab'].map(namespacePrefix)
  const records = prefixes.map((prefix, index) => valueAt(index + 1, `${prefix}b:c`))
  await replica.putManyIfNewer(putsOf(...records), patient)
  for (const [index, keyPrefix] of prefixes.entries()) {
    const [expected] = records.slice(index) as [VersionedRecord]
    assert.deepEqual(await scanAll(replica, { ...patientScan, keyPrefix }), [storedHeadOf(expected)])
  }
}

async function pagesAreBounded(replica: Replica): Promise<void> {
  const records = await putNumbered(replica, 100)
  for (const pageKeysMax of [1, 7, 1000]) {
    const seen = new Set<string>()
    for await (const page of replica.scan(wholeRange, { ...patientScan, pageKeysMax })) {
      assert.ok(page.length <= pageKeysMax, `a page of ${page.length} heads where ${pageKeysMax} were asked for`)
      for (const { key } of page) seen.add(key)
    }
    assert.equal(seen.size, records.length)
  }
}

async function completeWhileWriting(replica: Replica): Promise<void> {
  const throughout = await putNumbered(replica, 500)
  const purged = numberedKeys(200, 'purged').map((key) => tombstoneAt(1, key))
  await replica.putManyIfNewer(putsOf(...purged), patient)
  const seen = new Set<string>()
  let round = 0
  for await (const page of replica.scan(wholeRange, { ...patientScan, pageKeysMax: 20 })) {
    for (const { key } of page) seen.add(key)
    round += 1
    if (round > 40) continue
    const added = numberedKeys(20, `added ${round}`).map((key) => valueAt(1, key))
    await replica.putManyIfNewer(putsOf(...added), patient)
    await replica.purgeMany(purged.splice(0, 10).map(headOf), patient)
  }
  assert.deepEqual(
    throughout.filter(({ key }) => !seen.has(key)),
    [],
  )
}

async function rejectsWhenAborted(replica: Replica): Promise<void> {
  await putNumbered(replica, 100)
  await assert.rejects(scanAll(replica, { ...patientScan, signal: AbortSignal.abort() }), 'aborted before it began')

  const controller = new AbortController()
  const scan = replica.scan(wholeRange, { ...patientScan, pageKeysMax: 10, signal: controller.signal })
  await assert.rejects(async () => {
    for await (const _page of scan) controller.abort()
  }, 'aborted under way')
  assert.equal((await scanAll(replica, patientScan)).length, 100)
}

async function rejectsWhenClosed(replica: Replica): Promise<void> {
  await putNumbered(replica, 100)
  await assert.rejects(
    async () => {
      for await (const _page of replica.scan(wholeRange, { ...patientScan, pageKeysMax: 10 })) await replica.close()
    },
    { code: 'CLOSED' },
  )
}

async function leftEarly(replica: Replica): Promise<void> {
  await putNumbered(replica, 100)
  for (let scan = 0; scan < 2 * replica.limits.callsInFlightMax; scan += 1) {
    for await (const _page of replica.scan(wholeRange, { ...patientScan, pageKeysMax: 10 })) break
  }
  assert.equal((await scanAll(replica, patientScan)).length, 100)
}

async function putNumbered(replica: Replica, count: number): Promise<VersionedRecord[]> {
  const records = numberedKeys(count).map((key, index) => valueAt(index + 1, key))
  const sizeMax = replica.limits.batchKeysMax
  for (let start = 0; start < count; start += sizeMax) {
    await replica.putManyIfNewer(putsOf(...records.slice(start, start + sizeMax)), patient)
  }
  return records
}
