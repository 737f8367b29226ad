import assert from 'node:assert/strict'
import { wholeRange } from '../../src/core/hash.ts'
import { ReplicaError } from '../../src/errors.ts'
import type { Replica } from '../../src/replica.ts'
import { changesAfter, positionOf } from './changes-cases.ts'
import { conformanceCase, type Open, patient, patientScan } from './conformance-case.ts'
import { digestOf } from './digest-cases.ts'
import { headOf, numberedKeys, putsOf, userKey, valueAt } from './samples.ts'
import { scanAll } from './scan-all.ts'
import type { ConformanceSubject, TestApi } from './subject.ts'

const key = userKey('vouched')

interface Call {
  readonly name: Exclude<keyof Replica, 'id' | 'guarantees' | 'limits'>
  readonly isWrite: boolean
  readonly run: (replica: Replica) => Promise<unknown>
}

const calls: readonly Call[] = [
  { name: 'getMany', isWrite: false, run: (replica) => replica.getMany([key], patient) },
  { name: 'getVersions', isWrite: false, run: (replica) => replica.getVersions([key], patient) },
  { name: 'scan', isWrite: false, run: (replica) => scanAll(replica, patientScan) },
  { name: 'digest', isWrite: false, run: (replica) => digestOf(replica) },
  { name: 'changes', isWrite: false, run: (replica) => changesAfter(replica, null) },
  { name: 'putManyIfNewer', isWrite: true, run: (replica) => replica.putManyIfNewer(putsOf(valueAt(2, key)), patient) },
  { name: 'purgeMany', isWrite: true, run: (replica) => replica.purgeMany([headOf(valueAt(1, key))], patient) },
]

/** Once a lineage was told, no answer is given under another: the emptiness of a replica that lost its data is none. */
export function vouchingCases(test: TestApi, subject: ConformanceSubject): void {
  const loseData = subject.loseData?.bind(subject)
  if (loseData === undefined) return
  test.describe('after all data was lost behind an open connection', () => {
    for (const call of calls) {
      conformanceCase(test, subject, `${call.name} rejects, until the lineage is asked, which is another`, (replica) =>
        rejectsOnce(replica, call, loseData),
      )
    }
    conformanceCase(test, subject, 'a scan under way never ends as if it had seen everything', (replica) =>
      scanUnderWay(replica, loseData),
    )
    conformanceCase(test, subject, 'a connection rejects that did not hear what another one did', (replica, open) =>
      eachConnection(replica, open, loseData),
    )
    conformanceCase(test, subject, 'changes after an earlier position begin with a gap', async (replica) => {
      if (replica.changes === undefined) return
      await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
      const position = await positionOf(replica)
      await loseData()
      await replica.lineage(patient)
      await replica.putManyIfNewer(putsOf(valueAt(1, userKey('later'))), patient).catch(() => undefined)
      await replica.lineage(patient)
      const steps = await changesAfter(replica, position)
      assert.ok(steps.some(({ isGap }) => isGap === true))
    })
  })
}

async function rejectsOnce(replica: Replica, call: Call, loseData: () => Promise<void>): Promise<void> {
  if (replica[call.name] === undefined) return
  // Twice: what is told after a loss vouches for what comes then.
  for (let loss = 0; loss < 2; loss += 1) {
    const lineage = await replica.lineage(patient)
    await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
    await loseData()
    await expectLoss(call, replica)
    assert.notEqual(await replica.lineage(patient), lineage)
    await call.run(replica)
  }
}

async function expectLoss(call: Call, replica: Replica): Promise<void> {
  const failure = await call.run(replica).then(
    (answer) => assert.fail(`answered ${JSON.stringify(answer)} from a replica that had lost everything`),
    (reason: unknown) => reason,
  )
  assert.ok(failure instanceof ReplicaError, `a ReplicaError, not ${String(failure)}`)
  if (!call.isWrite || failure.code !== 'TIMEOUT') assert.equal(failure.code, 'UNAVAILABLE')
  if (call.name !== 'putManyIfNewer' || failure.code === 'TIMEOUT') return
  await replica.lineage(patient)
  assert.deepEqual(await replica.getMany([key], patient), [null], 'UNAVAILABLE says that nothing was stored')
}

async function scanUnderWay(replica: Replica, loseData: () => Promise<void>): Promise<void> {
  const records = numberedKeys(200).map((each) => valueAt(1, each))
  await replica.lineage(patient)
  for (let start = 0; start < records.length; start += 100) {
    await replica.putManyIfNewer(putsOf(...records.slice(start, start + 100)), patient)
  }
  const seen = new Set<string>()
  let isEnded = false
  const scan = async () => {
    for await (const page of replica.scan(wholeRange, { ...patientScan, pageKeysMax: 10 })) {
      for (const head of page) seen.add(head.key)
      if (seen.size > 0) await loseData()
    }
    isEnded = true
  }
  await scan().catch((error: unknown) => assert.ok(error instanceof ReplicaError, String(error)))
  // Pages that were read ahead may suffice; what must not happen is an early end.
  if (isEnded) assert.equal(seen.size, records.length, 'the scan ended as if it had seen everything')
}

async function eachConnection(replica: Replica, open: Open, loseData: () => Promise<void>): Promise<void> {
  const other = await open()
  if (other === replica) return
  const lineage = await replica.lineage(patient)
  assert.equal(await other.lineage(patient), lineage)
  await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
  await loseData()
  const next = await other.lineage(patient)
  assert.notEqual(next, lineage)
  await assert.rejects(replica.getMany([key], patient), { name: 'ReplicaError', code: 'UNAVAILABLE' })
  assert.equal(await replica.lineage(patient), next)
}
