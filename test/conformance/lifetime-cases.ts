import assert from 'node:assert/strict'
import type { Replica } from '../../src/replica.ts'
import { conformanceCase, type Open, patient, patientScan } from './conformance-case.ts'
import { headOf, putsOf, userKey, valueAt } from './samples.ts'
import { scanAll } from './scan-all.ts'
import type { ConformanceSubject, TestApi } from './subject.ts'

const key = userKey('lifetime')

/** What outlives a connection, what tells a loss of data, and how a replica ends. */
export function lifetimeCases(test: TestApi, subject: ConformanceSubject): void {
  test.describe('lineage', () => {
    conformanceCase(test, subject, 'stays the same across calls, writes and connections', (replica, open) =>
      lineageStays(replica, open, subject),
    )
    conformanceCase(
      test,
      subject,
      'changes when the data is lost, also for a connection that was open',
      (replica, open) => lineageChanges(replica, open, subject),
    )
  })
  test.describe('close', () => {
    conformanceCase(test, subject, 'makes every later call reject with CLOSED', closedRejects)
    conformanceCase(test, subject, 'may be called twice, also at once', async (replica) => {
      await Promise.all([replica.close(), replica.close()])
      await replica.close()
    })
  })
  if (subject.guarantees.sharedBy === 'process') return
  test.describe('connections', () => {
    conformanceCase(test, subject, 'share their data', async (replica, open) => {
      await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
      assert.deepEqual(await (await open()).getMany([key], patient), [valueAt(1, key)])
    })
    conformanceCase(test, subject, 'leave their data behind when they close', async (replica, open) => {
      const lineage = await replica.lineage(patient)
      await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
      await replica.close()
      const next = await open()
      assert.deepEqual(await next.getMany([key], patient), [valueAt(1, key)])
      assert.equal(await next.lineage(patient), lineage)
      assert.equal(next.id, replica.id)
    })
    conformanceCase(test, subject, 'close without harm to others', async (replica, open) => {
      const other = await open()
      await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
      await replica.close()
      assert.deepEqual(await other.getMany([key], patient), [valueAt(1, key)])
    })
  })
}

async function lineageStays(replica: Replica, open: Open, subject: ConformanceSubject): Promise<void> {
  // Asked at once, so that two atomic connections that meet an empty backend together must agree.
  const other = subject.guarantees.putIfNewer === 'atomic' ? await open() : replica
  const [lineage, same] = await Promise.all([replica.lineage(patient), other.lineage(patient)])
  assert.notEqual(lineage, '')
  assert.equal(same, lineage)
  await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
  assert.equal(await replica.lineage(patient), lineage)
  assert.equal(await (await open()).lineage(patient), lineage)
}

async function lineageChanges(replica: Replica, open: Open, subject: ConformanceSubject): Promise<void> {
  const before = await replica.lineage(patient)
  await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
  await subject.wipe()
  // The open connection may fail, as when its table is gone; it must not go on as if nothing had happened.
  const seen = await replica.lineage(patient).catch(() => 'an error')
  assert.notEqual(seen, before)

  const next = await open()
  assert.notEqual(await next.lineage(patient), before)
  assert.deepEqual(await next.getMany([key], patient), [null])
}

async function closedRejects(replica: Replica): Promise<void> {
  await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
  await replica.close()
  const closed = { name: 'ReplicaError', code: 'CLOSED', replica: replica.id }
  await assert.rejects(replica.getMany([key], patient), closed)
  await assert.rejects(replica.getVersions([key], patient), closed)
  await assert.rejects(replica.putManyIfNewer(putsOf(valueAt(2, key)), patient), closed)
  await assert.rejects(replica.purgeMany([headOf(valueAt(1, key))], patient), closed)
  await assert.rejects(replica.lineage(patient), closed)
  await assert.rejects(scanAll(replica, patientScan), closed)
}
