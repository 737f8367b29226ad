import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import type { ReadAnswer, Replica } from '../../src/replica.ts'
import { conformanceCase, type Open, patient } from './conformance-case.ts'
import { type RacePlan, raceKeys, racePlan, runWriter } from './race-plan.ts'
import { raceProcesses } from './race-processes.ts'
import { expectAtomicPuts } from './race-verdict.ts'
import { numberedKeys, putsOf, valueAt } from './samples.ts'
import type { ConformanceSubject, TestApi } from './subject.ts'

/** Put if newer under contention: by callers, by connections and by processes, as far as the guarantees go. */
export function raceCases(test: TestApi, subject: ConformanceSubject): void {
  test.describe('concurrent puts', () => {
    conformanceCase(test, subject, 'of 8 callers are atomic, and reads never go back', async (replica) => {
      await raceConnections(Array(8).fill(replica), replica)
    })
    if (subject.guarantees.putIfNewer !== 'atomic') return

    conformanceCase(test, subject, 'of 8 connections are atomic, and reads never go back', async (replica, open) => {
      await raceConnections(await openEight(open), replica)
    })
    conformanceCase(test, subject, 'of the same record by 8 connections store it once', async (replica, open) => {
      await sameRecordRace(await openEight(open), replica)
    })
    if (subject.guarantees.sharedBy === 'process') return

    conformanceCase(test, subject, 'of 8 processes are atomic', async (replica) => {
      assert.ok(
        subject.otherProcess,
        'a replica that others share must be proved from other processes: say otherProcess',
      )
      const plan = racePlan()
      expectAtomicPuts(await raceProcesses(plan, subject.otherProcess), await heldByKey(replica, plan))
    })
  })
}

async function raceConnections(connections: readonly Replica[], reader: Replica): Promise<void> {
  const plan = racePlan()
  let racing = true
  const reading = readForwardOnly(reader, plan, () => racing)
  const writing = Promise.all(connections.map((replica, index) => runWriter(replica, plan, index + 1))).finally(() => {
    racing = false
  })
  const [written] = await Promise.all([writing, reading])
  const puts = written.flat()
  assert.equal(puts.length, plan.writers * plan.putsPerWriter)
  expectAtomicPuts(puts, await heldByKey(reader, plan))
}

async function readForwardOnly(replica: Replica, plan: RacePlan, goOn: () => boolean): Promise<void> {
  const keys = raceKeys(plan)
  const seen = new Map<string, string>()
  while (goOn()) {
    const answers = await replica.getMany(keys, patient)
    for (const [index, key] of keys.entries()) {
      const before = seen.get(key) ?? ''
      const version = versionOf(answers[index] ?? null)
      assert.ok(version >= before, `a read of ${key} went back from ${before} to ${version}`)
      seen.set(key, version)
    }
    // A replica that answers within the turn must not keep the writers from theirs.
    await setImmediate()
  }
}

function versionOf(answer: ReadAnswer): string {
  if (answer === null) return ''
  if (answer.kind === 'corrupt') throw new Error(`a record was torn: ${answer.reason}`)
  if (answer.kind === 'value')
    assert.equal(answer.payload, `of ${answer.version}`, 'payload and version belong together')
  return answer.version
}

async function sameRecordRace(connections: readonly Replica[], reader: Replica): Promise<void> {
  const records = numberedKeys(50, 'same').map((key) => valueAt(1, key))
  const untilMs = Date.now() + 86_400_000
  const answers = await Promise.all(
    connections.map((replica, index) => {
      const own = records.map((record) => ({ ...record, retainUntilMs: untilMs + index }))
      return replica.putManyIfNewer(putsOf(...own), patient)
    }),
  )
  for (const index of records.keys()) {
    const statuses = answers.map((outcomes) => outcomes[index]?.status)
    assert.equal(statuses.filter((status) => status === 'stored').length, 1)
    assert.equal(statuses.filter((status) => status === 'held').length, connections.length - 1)
  }
  const held = await reader.getMany(
    records.map(({ key }) => key),
    patient,
  )
  const retainUntilMs = untilMs + connections.length - 1
  assert.deepEqual(
    held,
    records.map((record) => ({ ...record, retainUntilMs })),
  )
}

async function heldByKey(replica: Replica, plan: RacePlan): Promise<Map<string, ReadAnswer>> {
  const keys = raceKeys(plan)
  const answers = await replica.getMany(keys, patient)
  return new Map(keys.map((key, index) => [key, answers[index] ?? null]))
}

async function openEight(open: Open): Promise<Replica[]> {
  return await Promise.all(Array.from({ length: 8 }, open))
}
