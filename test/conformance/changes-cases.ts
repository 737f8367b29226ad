import assert from 'node:assert/strict'
import type { VersionedRecord } from '../../src/core/record.ts'
import type { ChangesStep, Replica } from '../../src/replica.ts'
import { conformanceCase, type Open, patient } from './conformance-case.ts'
import { headOf, numberedKeys, putsOf, tombstoneAt, userKey, valueAt } from './samples.ts'
import type { ConformanceSubject, TestApi } from './subject.ts'

/** The log of changes never misses a key that was stored, whoever writes meanwhile. */
export function changesCases(test: TestApi, subject: ConformanceSubject): void {
  const declare = (name: string, body: (replica: Replica, open: Open) => Promise<void>) =>
    conformanceCase(test, subject, name, async (replica, open) => {
      if (replica.changes !== undefined) await body(replica, open)
    })
  test.describe('changes, where the replica has them', () => {
    declare('after no position are none, but the position of now', async (replica) => {
      await put(replica, valueAt(1, userKey('before')))
      const steps = await changesAfter(replica, null)
      assert.deepEqual(
        steps.flatMap(({ keys }) => keys),
        [],
      )
      assert.ok(steps.length > 0 && steps.every(({ isGap = false }) => !isGap))
    })
    declare('are every key that was stored after a position', everyKeyStored)
    declare('can be gone on with from each step', fromEachStep)
    declare('give keys as they are, whatever they hold', oddKeys)
    declare('of another connection are all there when its puts were acknowledged', async (replica, open) => {
      const position = await positionOf(replica)
      const other = await open()
      await put(other, ...numberedKeys(20).map((key) => valueAt(1, key)))
      expectHeld(await changesAfter(replica, position), numberedKeys(20))
    })
    declare('are never missed while several connections write', neverMissed)
    declare('reject when they are aborted', async (replica) => {
      const position = await positionOf(replica)
      await put(replica, valueAt(1, userKey('aborted')))
      await assert.rejects(changesAfter(replica, position, AbortSignal.abort()))
    })
    declare('reject when the replica is closed', async (replica) => {
      const position = await positionOf(replica)
      await replica.close()
      await assert.rejects(changesAfter(replica, position), { name: 'ReplicaError', code: 'CLOSED' })
    })
  })
}

async function everyKeyStored(replica: Replica): Promise<void> {
  const [added, replaced, deleted, purged] = ['added', 'replaced', 'deleted', 'purged'].map((name) =>
    numberedKeys(30, name),
  ) as [string[], string[], string[], string[]]
  await put(replica, ...[...replaced, ...deleted].map((key) => valueAt(1, key)))
  const position = await positionOf(replica)
  await put(replica, ...added.map((key) => valueAt(1, key)))
  await put(replica, ...replaced.map((key) => valueAt(2, key)), ...deleted.map((key) => tombstoneAt(2, key)))
  await put(replica, ...purged.map((key) => tombstoneAt(1, key)))
  await replica.purgeMany(
    purged.map((key) => headOf(tombstoneAt(1, key))),
    patient,
  )
  // What was purged meanwhile may be told or not: there is nothing left to compare.
  expectHeld(await changesAfter(replica, position), [...added, ...replaced, ...deleted])
}

async function fromEachStep(replica: Replica): Promise<void> {
  const start = await positionOf(replica)
  const keys = numberedKeys(replica.limits.batchKeysMax + 50)
  for (let from = 0; from < keys.length; from += 100) {
    await put(replica, ...keys.slice(from, from + 100).map((key) => valueAt(1, key)))
  }
  const steps = await changesAfter(replica, start)
  for (let last = 0; last < steps.length; last += Math.ceil(steps.length / 10)) {
    const earlier = steps.slice(0, last + 1)
    expectHeld([...earlier, ...(await changesAfter(replica, endOf(earlier)))], keys)
  }
}

async function oddKeys(replica: Replica): Promise<void> {
  const keys = ['', 'A', 'a', 'é', 'e\u0301', '😀', '%_*?[', '\'"\\', 'a b\n\t,;|', 'x'.repeat(3_000)].map(userKey)
  const position = await positionOf(replica)
  await put(replica, ...keys.map((key) => valueAt(1, key)))
  assert.deepEqual(new Set(keysOf(await changesAfter(replica, position))), new Set(keys))
}

/** A log that numbers its entries before they can be seen lets a reader go past those that are still on their way. */
async function neverMissed(replica: Replica, open: Open): Promise<void> {
  const start = await positionOf(replica)
  const writers = await Promise.all(Array.from({ length: 4 }, () => open()))
  let writing = writers.length
  const writes = writers.map(async (writer, index) => {
    for (let round = 0; round < 25; round += 1) {
      await put(writer, ...numberedKeys(4, `writer ${index} round ${round}`).map((key) => valueAt(round + 1, key)))
    }
    writing -= 1
  })
  const steps: ChangesStep[] = []
  const follow = async () => {
    let position = start
    let isLast = false
    while (!isLast) {
      isLast = writing === 0
      const read = await changesAfter(replica, position)
      position = endOf(read)
      steps.push(...read)
      // Whatever holds the log in this process has to get its turn as well.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  await Promise.all([...writes, follow()])
  const keys = writers.flatMap((_, index) =>
    Array.from({ length: 25 }, (__, round) => numberedKeys(4, `writer ${index} round ${round}`)).flat(),
  )
  expectHeld(steps, keys)
}

export async function changesAfter(
  replica: Replica,
  after: string | null,
  signal?: AbortSignal,
): Promise<readonly ChangesStep[]> {
  assert.ok(replica.changes !== undefined)
  const steps: ChangesStep[] = []
  const options = { stepTimeoutMs: patient.timeoutMs, ...(signal && { signal }) }
  for await (const step of replica.changes(after, options)) {
    assert.match(step.position, /^[\x20-\x7e]{1,200}$/)
    steps.push(step)
  }
  return steps
}

export async function positionOf(replica: Replica): Promise<string> {
  return endOf(await changesAfter(replica, null))
}

function endOf(steps: readonly ChangesStep[]): string {
  const last = steps.at(-1)
  assert.ok(last !== undefined, 'changes gave no step, so no position')
  return last.position
}

function keysOf(steps: readonly ChangesStep[]): string[] {
  return steps.flatMap(({ keys }) => keys)
}

function expectHeld(steps: readonly ChangesStep[], wanted: readonly string[]): void {
  assert.ok(
    steps.every(({ isGap = false }) => !isGap),
    'there is a gap',
  )
  const told = new Set(keysOf(steps))
  assert.deepEqual(
    wanted.filter((key) => !told.has(key)),
    [],
    'keys that were stored and are in no step',
  )
}

async function put(replica: Replica, ...records: readonly VersionedRecord[]): Promise<void> {
  const outcomes = await replica.putManyIfNewer(putsOf(...records), patient)
  assert.ok(outcomes.every(({ status }) => status === 'stored'))
}
