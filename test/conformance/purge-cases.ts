import assert from 'node:assert/strict'
import type { Replica } from '../../src/replica.ts'
import { conformanceCase, type Open, patient } from './conformance-case.ts'
import { headOf, numberedKeys, putsOf, tombstoneAt, userKey, valueAt } from './samples.ts'
import type { ConformanceSubject, TestApi } from './subject.ts'

const key = userKey('purged')

/** A purge removes exactly the version that it names, or nothing. */
export function purgeCases(test: TestApi, subject: ConformanceSubject): void {
  test.describe('purge', () => {
    conformanceCase(test, subject, 'removes a record at exactly its version', removesExactVersion)
    conformanceCase(test, subject, 'leaves an older or a newer record alone', leavesOthersAlone)
    conformanceCase(test, subject, 'never destroys a newer record that is put meanwhile', async (replica, open) => {
      await putsSurvivePurges(replica, subject.guarantees.putIfNewer === 'atomic' ? open : async () => replica)
    })
  })
}

async function removesExactVersion(replica: Replica): Promise<void> {
  for (const record of [valueAt(1, key), tombstoneAt(2, key)]) {
    await replica.putManyIfNewer(putsOf(record), patient)
    assert.deepEqual(await replica.purgeMany([headOf(record)], patient), [true])
    assert.deepEqual(await replica.getMany([key], patient), [null])
    assert.deepEqual(await replica.purgeMany([headOf(record)], patient), [false])
  }
  // Nothing remembers a purged record: an older one is new again.
  const [outcome] = await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
  assert.equal(outcome?.status, 'stored')
}

async function leavesOthersAlone(replica: Replica): Promise<void> {
  const held = valueAt(2, key)
  await replica.putManyIfNewer(putsOf(held), patient)
  assert.deepEqual(await replica.purgeMany([headOf(valueAt(1, key))], patient), [false])
  assert.deepEqual(await replica.purgeMany([headOf(valueAt(3, key))], patient), [false])
  assert.deepEqual(await replica.getMany([key], patient), [held])
}

async function putsSurvivePurges(replica: Replica, open: Open): Promise<void> {
  const other = await open()
  for (let round = 0; round < 20; round += 1) {
    const old = numberedKeys(50, `round ${round}`).map((name) => tombstoneAt(1, name))
    const fresh = old.map((record) => valueAt(2, record.key))
    await replica.putManyIfNewer(putsOf(...old), patient)
    const [purged, outcomes] = await Promise.all([
      replica.purgeMany(old.map(headOf), patient),
      other.putManyIfNewer(putsOf(...fresh), patient),
    ])
    const held = await replica.getVersions(
      old.map((record) => record.key),
      patient,
    )
    for (const [index, outcome] of outcomes.entries()) {
      assert.equal(held[index]?.kind, 'value', 'the newer record is held')
      assert.equal(outcome.status, 'stored')
      assert.equal(outcome.replaced === null, purged[index], 'the put replaced the record unless the purge removed it')
    }
  }
}
