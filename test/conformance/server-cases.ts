import assert from 'node:assert/strict'
import { wholeRange } from '../../src/core/hash.ts'
import { ReplicaError } from '../../src/errors.ts'
import type { CallOptions, Replica } from '../../src/replica.ts'
import { conformanceCase, type Open, patient } from './conformance-case.ts'
import { headOf, numberedKeys, putsOf, userKey, valueAt } from './samples.ts'
import { scanAll } from './scan-all.ts'
import type { ConformanceSubject, ServerControl, TestApi } from './subject.ts'
import { until, untilSucceeds, within } from './waiting.ts'

const key = userKey('server')
const hurried: CallOptions = { timeoutMs: 400 }
/** Only a guard against hanging for ever: a busy machine may be this late. */
const hangGuardMs = 15_000

/** A server that is frozen, killed or not there yet: every call ends in time, none with an answer, and all heals. */
export function serverCases(test: TestApi, subject: ConformanceSubject): void {
  const server = subject.server
  if (server === undefined) return
  const declare = (name: string, body: (replica: Replica, open: Open) => Promise<void>) =>
    conformanceCase(test, subject, name, async (replica, open) => {
      try {
        await body(replica, open)
      } finally {
        await server.thaw()
        await server.start()
      }
    })

  test.describe('a frozen server', () => {
    declare('makes every call reject with TIMEOUT, and answers again after it thaws', (replica) =>
      frozen(replica, server),
    )
    declare('applies a write that timed out only where it is newer', (replica) => lateWrite(replica, server))
    declare('never holds up close', (replica) => closeWhileFrozen(replica, server))
  })
  test.describe('a killed server', () => {
    declare('makes every call reject, and is back when it is started', (replica) => killed(replica, server))
    declare('never gets a write later that was refused as UNAVAILABLE', (replica) => refusedWrites(replica, server))
    if (!server.keepsData) {
      declare('that is back without its data gives no answer before it gave another lineage', (replica) =>
        emptinessIsNoAnswer(replica, server),
      )
    }
    declare('makes a scan under way reject', (replica) => killedMidScan(replica, server))
    if (subject.guarantees.putIfNewer === 'atomic') {
      declare('is soon known to be UNAVAILABLE', async (replica) => {
        await replica.getMany([key], patient)
        await server.kill()
        await until(async () => (await failureOf(replica.getMany([key], hurried))).code === 'UNAVAILABLE')
      })
    }
  })
  test.describe('a server that is down at first', () => {
    declare('comes in when it is up', async (_replica, open) => {
      await server.kill()
      const late = await open()
      await expectAllFail(late, hurried)
      await server.start()
      await untilAnswers(late)
      assert.deepEqual(await late.putManyIfNewer(putsOf(valueAt(9, userKey('late'))), patient), [
        { status: 'stored', retainUntilMs: valueAt(9, key).retainUntilMs, replaced: null },
      ])
    })
  })
}

async function frozen(replica: Replica, server: ServerControl): Promise<void> {
  await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
  await server.freeze()
  assert.equal((await failureOf(replica.getMany([key], hurried))).code, 'TIMEOUT')
  await expectAllFail(replica, hurried)
  // More calls than there are slots or connections: each must give back what it held.
  for (let wave = 0; wave < 3; wave += 1) {
    const calls = numberedKeys(replica.limits.callsInFlightMax).map((name) =>
      failureOf(replica.getMany([name], hurried)),
    )
    for (const { code } of await Promise.all(calls)) assert.ok(isUnreachable(code), code)
  }
  await server.thaw()
  await untilAnswers(replica)
  assert.deepEqual(await replica.getMany([key], patient), [valueAt(1, key)])
}

async function lateWrite(replica: Replica, server: ServerControl): Promise<void> {
  await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
  await server.freeze()
  const writes = [2, 3, 4].map((step) => failureOf(replica.putManyIfNewer(putsOf(valueAt(step, key)), hurried)))
  await Promise.all(writes)
  await server.thaw()
  const newest = valueAt(5, key)
  await untilSucceeds(async () => {
    const [outcome] = await replica.putManyIfNewer(putsOf(newest), hurried)
    assert.notEqual(outcome?.status, 'superseded')
  })
  for (let read = 0; read < 50; read += 1) {
    assert.deepEqual(await replica.getMany([key], patient), [newest])
  }
}

async function closeWhileFrozen(replica: Replica, server: ServerControl): Promise<void> {
  await replica.getMany([key], patient)
  await server.freeze()
  const pending = failureOf(replica.getMany([key], hurried))
  await within(hangGuardMs, 'close', replica.close())
  await pending
}

async function killed(replica: Replica, server: ServerControl): Promise<void> {
  await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
  const lineage = await replica.lineage(patient)
  await server.kill()
  await expectAllFail(replica, hurried)
  await server.start()
  await untilAnswers(replica)
  const [answer] = await replica.getMany([key], patient)
  const lineageNow = await replica.lineage(patient)
  if (server.keepsData) {
    assert.deepEqual(answer, valueAt(1, key))
    assert.equal(lineageNow, lineage)
  } else {
    assert.notEqual(lineageNow, lineage, 'the server may have lost data, so its lineage must change')
  }
}

/** As the store does it: after every failure the lineage is asked before an answer counts. */
async function emptinessIsNoAnswer(replica: Replica, server: ServerControl): Promise<void> {
  await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
  const lineage = await replica.lineage(patient)
  let lineageNow = lineage
  await server.kill()
  await server.start()
  await untilSucceeds(() =>
    replica.getMany([key], hurried).catch(async (error: unknown) => {
      lineageNow = await replica.lineage(hurried).catch(() => lineageNow)
      throw error
    }),
  )
  assert.notEqual(lineageNow, lineage, 'it answered under the lineage of the data that it had lost')
}

async function refusedWrites(replica: Replica, server: ServerControl): Promise<void> {
  await replica.getMany([key], patient)
  await server.kill()
  const records = numberedKeys(20, 'refused').map((name) => valueAt(1, name))
  const failures: ReplicaError[] = []
  // A few at a time, so that some meet the breaking connection and others one that is known to be broken.
  for (let start = 0; start < records.length; start += 4) {
    const writes = records
      .slice(start, start + 4)
      .map((record) => failureOf(replica.putManyIfNewer(putsOf(record), hurried)))
    failures.push(...(await Promise.all(writes)))
  }
  await server.start()
  await untilAnswers(replica)
  // A write that was queued somewhere comes before this one on the same connection.
  await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
  const refused = records.filter((_, index) => failures[index]?.code === 'UNAVAILABLE').map((record) => record.key)
  const answers = await replica.getMany(refused, patient)
  assert.deepEqual(answers, Array(refused.length).fill(null))
}

async function killedMidScan(replica: Replica, server: ServerControl): Promise<void> {
  const records = numberedKeys(300).map((name, index) => valueAt(index + 1, name))
  for (let start = 0; start < records.length; start += 100) {
    await replica.putManyIfNewer(putsOf(...records.slice(start, start + 100)), patient)
  }
  const seen = new Set<string>()
  const scan = async () => {
    for await (const page of replica.scan(wholeRange, { pageTimeoutMs: 1000, pageKeysMax: 10 })) {
      for (const head of page) seen.add(head.key)
      await server.kill()
    }
  }
  const outcome = await within(
    hangGuardMs,
    'a scan',
    scan().then(
      () => 'ended',
      () => 'rejected',
    ),
  )
  // Pages that were read ahead may suffice; what must not happen is an early end.
  if (outcome === 'ended') assert.equal(seen.size, records.length, 'the scan ended as if it had seen everything')
}

async function expectAllFail(replica: Replica, options: CallOptions): Promise<void> {
  const failures = await Promise.all([
    failureOf(replica.getMany([key], options)),
    failureOf(replica.getVersions([key], options)),
    failureOf(replica.putManyIfNewer(putsOf(valueAt(1, key)), options)),
    failureOf(replica.purgeMany([headOf(valueAt(7, key))], options)),
    failureOf(replica.lineage(options)),
    failureOf(scanAll(replica, { pageTimeoutMs: options.timeoutMs, pageKeysMax: 10 })),
  ])
  for (const { code } of failures) assert.ok(isUnreachable(code), code)
}

function isUnreachable(code: string): boolean {
  return code === 'TIMEOUT' || code === 'UNAVAILABLE'
}

/** The failure of a call that must fail, and must not hang. */
async function failureOf(call: Promise<unknown>): Promise<ReplicaError> {
  const error = await within(
    hangGuardMs,
    'a call',
    call.then(
      (answer) => assert.fail(`answered ${JSON.stringify(answer)} while its server could not`),
      (reason: unknown) => reason,
    ),
  )
  assert.ok(error instanceof ReplicaError, `a ReplicaError, not ${String(error)}`)
  return error
}

async function untilAnswers(replica: Replica): Promise<void> {
  await untilSucceeds(() => replica.getMany([key], hurried))
}
