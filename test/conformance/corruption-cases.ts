import assert from 'node:assert/strict'
import { type ScanEntry, storedHeadOf, unreadableHead } from '../../src/core/record.ts'
import type { Entry, ReadAnswer, Replica, VersionAnswer } from '../../src/replica.ts'
import { conformanceCase, patient, patientScan } from './conformance-case.ts'
import { putsOf, userKey, valueAt } from './samples.ts'
import { scanAll } from './scan-all.ts'
import type { ConformanceSubject, TestApi } from './subject.ts'

const damaged = userKey('damaged')
const intact = userKey('intact')

/** A record that cannot be read is `corrupt`, never absent and never an error for the others, until a put mends it. */
export function corruptionCases(test: TestApi, subject: ConformanceSubject): void {
  const corruptPayload = subject.corruptPayload?.bind(subject)
  if (corruptPayload !== undefined) {
    test.describe('a damaged payload', () => {
      conformanceCase(test, subject, 'is corrupt when read, and harms no other entry', async (replica) => {
        await putBoth(replica)
        await corruptPayload(damaged)
        await expectCorruptRead(replica)
        assert.deepEqual(await replica.getVersions([damaged], patient), [storedHeadOf(valueAt(2, damaged))])
      })
      conformanceCase(test, subject, 'is mended by the same record when the put says so', async (replica) => {
        await putBoth(replica)
        await corruptPayload(damaged)
        await expectMended(replica)
      })
      conformanceCase(test, subject, 'keeps the longer retention when it is mended', async (replica) => {
        await putBoth(replica)
        await corruptPayload(damaged)
        const shorter = { ...valueAt(2, damaged), retainUntilMs: Date.now() + 3_600_000 }
        await replica.putManyIfNewer([{ record: shorter, mendsCorrupt: true }], patient)
        assert.deepEqual(await replica.getMany([damaged], patient), [valueAt(2, damaged)])
      })
      conformanceCase(test, subject, 'is replaced by a newer record', async (replica) => {
        await putBoth(replica)
        await corruptPayload(damaged)
        await expectReplaced(replica)
      })
    })
  }
  const corruptHead = subject.corruptHead?.bind(subject)
  if (corruptHead !== undefined) {
    test.describe('a damaged head', () => {
      conformanceCase(test, subject, 'is corrupt in every read, and harms no other entry', async (replica) => {
        await putBoth(replica)
        await corruptHead(damaged)
        await expectCorruptRead(replica)
        const versions = await replica.getVersions([intact, damaged, userKey('absent')], patient)
        expectCorruptSecond(versions)
        assert.deepEqual([versions[0], versions[2]], [storedHeadOf(valueAt(1, intact)), null])
      })
      conformanceCase(
        test,
        subject,
        'is told by a scan, or makes it reject where not even its key can be told',
        async (replica) => {
          await putBoth(replica)
          await corruptHead(damaged)
          const expected: ScanEntry[] = [unreadableHead(damaged), storedHeadOf(valueAt(1, intact))]
          const found = await scanAll(replica, patientScan).catch(refusal)
          if (found === 'CORRUPT') return
          assert.deepEqual(found, expected)
          assert.deepEqual(await scanAll(replica, { ...patientScan, keyPrefix: damaged }), [unreadableHead(damaged)])
          assert.deepEqual(await scanAll(replica, { ...patientScan, keyPrefix: intact }), [
            storedHeadOf(valueAt(1, intact)),
          ])
        },
      )
      conformanceCase(test, subject, 'is mended by the same record when the put says so', async (replica) => {
        await putBoth(replica)
        await corruptHead(damaged)
        await expectMended(replica)
      })
      conformanceCase(test, subject, 'is replaced by a newer record', async (replica) => {
        await putBoth(replica)
        await corruptHead(damaged)
        await expectReplaced(replica)
      })
      conformanceCase(test, subject, 'is older than any record', async (replica) => {
        await putBoth(replica)
        await corruptHead(damaged)
        const { retainUntilMs } = valueAt(1, damaged)
        assert.deepEqual(await replica.putManyIfNewer(putsOf(valueAt(1, damaged)), patient), [
          { status: 'stored', retainUntilMs, replaced: null },
        ])
        assert.deepEqual(await replica.getMany([damaged], patient), [valueAt(1, damaged)])
      })
    })
  }
  const corruptVersion = subject.corruptVersion?.bind(subject)
  if (corruptVersion !== undefined) {
    test.describe('a version damaged upwards', () => {
      conformanceCase(test, subject, 'is corrupt when read, and mended by what a quorum knows', async (replica) => {
        await putBoth(replica)
        await corruptVersion(damaged)
        await expectCorruptRead(replica)
        const [outcome] = await replica.putManyIfNewer([await mendOf(replica, 1)], patient)
        assert.equal(outcome?.status, 'stored')
        assert.deepEqual(await replica.getMany([damaged], patient), [valueAt(1, damaged)])
      })
      conformanceCase(test, subject, 'is mended in one batch with others, small and large', async (replica) => {
        const large = valueAt(2, userKey('large'), 'x'.repeat(5_000))
        await putBoth(replica)
        await replica.putManyIfNewer(putsOf(large), patient)
        await corruptVersion(damaged)
        await corruptVersion(large.key)
        const small = await mendOf(replica, 2)
        const [unread] = await replica.getMany([large.key], patient)
        const entries = [{ record: valueAt(3, intact) }, mending(large, unread ?? null), small]
        const outcomes = await replica.putManyIfNewer(entries, patient)
        assert.deepEqual(
          outcomes.map(({ status }) => status),
          ['stored', 'stored', 'stored'],
        )
        const keys = [intact, large.key, damaged]
        assert.deepEqual(await replica.getMany(keys, patient), [valueAt(3, intact), large, valueAt(2, damaged)])
      })
      conformanceCase(test, subject, 'is left to a sound record that has taken its place', async (replica) => {
        await putBoth(replica)
        await corruptVersion(damaged)
        const mend = await mendOf(replica, 1)
        const { storedIdentity } = await corruptAnswer(replica)
        const newer = { record: valueAt(3, damaged), mendsCorrupt: true, mendsIdentity: storedIdentity ?? '' }
        await replica.putManyIfNewer([newer], patient)
        const [outcome] = await replica.putManyIfNewer([mend], patient)
        assert.equal(outcome?.status, 'superseded')
        assert.deepEqual(await replica.getMany([damaged], patient), [valueAt(3, damaged)])
      })
    })
  }
  test.describe('a put that mends', () => {
    conformanceCase(test, subject, 'does no harm where nothing is corrupt', async (replica) => {
      await putBoth(replica)
      const mend = (step: number) => [{ record: valueAt(step, damaged), mendsCorrupt: true }]
      const [older] = await replica.putManyIfNewer(mend(1), patient)
      assert.equal(older?.status, 'superseded')
      await replica.putManyIfNewer(mend(2), patient)
      assert.deepEqual(await replica.getMany([damaged], patient), [valueAt(2, damaged)])
      await replica.putManyIfNewer(mend(3), patient)
      assert.deepEqual(await replica.getMany([damaged], patient), [valueAt(3, damaged)])
    })
  })
}

/** The code of a scan that cannot tell all keys; whatever else went wrong fails the case. */
function refusal(error: unknown): 'CORRUPT' {
  if (error instanceof Error && 'code' in error && error.code === 'CORRUPT') return 'CORRUPT'
  throw error
}

async function putBoth(replica: Replica): Promise<void> {
  await replica.putManyIfNewer(putsOf(valueAt(1, intact), valueAt(2, damaged)), patient)
}

async function expectCorruptRead(replica: Replica): Promise<void> {
  const answers = await replica.getMany([intact, damaged, userKey('absent')], patient)
  expectCorruptSecond(answers)
  assert.deepEqual([answers[0], answers[2]], [valueAt(1, intact), null])
}

function expectCorruptSecond([, answer]: readonly (ReadAnswer | VersionAnswer)[]): void {
  assert.equal(answer?.kind, 'corrupt')
  assert.equal(answer.key, damaged)
}

async function expectMended(replica: Replica): Promise<void> {
  const [outcome] = await replica.putManyIfNewer([{ record: valueAt(2, damaged), mendsCorrupt: true }], patient)
  assert.equal(outcome?.status, 'stored')
  assert.deepEqual(await replica.getMany([damaged], patient), [valueAt(2, damaged)])
}

/** As read repair puts the record of this step where the damaged one was read. */
async function mendOf(replica: Replica, step: number): Promise<Entry> {
  return mending(valueAt(step, damaged), await corruptAnswer(replica))
}

async function corruptAnswer(replica: Replica) {
  const [answer] = await replica.getMany([damaged], patient)
  assert.equal(answer?.kind, 'corrupt')
  return answer
}

function mending(record: Entry['record'], answer: ReadAnswer): Entry {
  const mendsIdentity = answer?.kind === 'corrupt' ? answer.storedIdentity : undefined
  return mendsIdentity === undefined ? { record, mendsCorrupt: true } : { record, mendsCorrupt: true, mendsIdentity }
}

async function expectReplaced(replica: Replica): Promise<void> {
  const [outcome] = await replica.putManyIfNewer(putsOf(valueAt(3, damaged)), patient)
  assert.equal(outcome?.status, 'stored')
  assert.deepEqual(await replica.getMany([damaged], patient), [valueAt(3, damaged)])
}
