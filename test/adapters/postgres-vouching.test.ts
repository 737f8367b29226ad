import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { postgresReplica } from '../../adapters/postgres/postgres-replica.ts'
import { keyHash, wholeRange } from '../../src/core/hash.ts'
import type { Replica } from '../../src/replica.ts'
import { headOf, numberedKeys, putsOf, userKey, valueAt } from '../conformance/samples.ts'
import { scanAll } from '../conformance/scan-all.ts'
import { startPostgres } from '../servers/postgres.ts'
import { waitUntil } from '../servers/wait-until.ts'
import { query } from './postgres-support/sql.ts'
import { holdTransaction } from './postgres-support/transaction.ts'

const server = await startPostgres({ controllable: true })
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(async () => {
  await query(server.url, 'DROP TABLE IF EXISTS keyv_quorum, keyv_quorum_changes')
})

const patient = { timeoutMs: 30_000 }
const patientScan = { pageTimeoutMs: 30_000, pageKeysMax: 100 }
const patientStep = { stepTimeoutMs: 30_000 }
const nothingRetired = { retainedUntilMs: -1, diedUntilMs: -1 }
const key = userKey('a')

function open(): Replica {
  const replica = postgresReplica(server.url)
  onTestFinished(() => replica.close())
  return replica
}

/** One that holds a record and has told its lineage. */
async function openTold(): Promise<{ replica: Replica; lineage: string }> {
  const replica = open()
  await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
  return { replica, lineage: await replica.lineage(patient) }
}

async function rejects(call: Promise<unknown>, code: 'UNAVAILABLE' | 'TIMEOUT' = 'UNAVAILABLE'): Promise<void> {
  await expect(call).rejects.toMatchObject({ code, message: expect.stringContaining('lineage') })
}

async function drain(steps: AsyncIterable<unknown> | undefined): Promise<void> {
  for await (const _step of steps ?? expect.unreachable());
}

const calls: Readonly<Record<string, (replica: Replica) => Promise<unknown>>> = {
  getMany: (replica) => replica.getMany([key, userKey('absent')], patient),
  getVersions: (replica) => replica.getVersions([key], patient),
  putManyIfNewer: (replica) => replica.putManyIfNewer(putsOf(valueAt(2, key)), patient),
  'putManyIfNewer that mends': (replica) =>
    replica.putManyIfNewer([{ record: valueAt(2, key), mendsCorrupt: true }], patient),
  purgeMany: (replica) => replica.purgeMany([headOf(valueAt(1, key))], patient),
  scan: (replica) => scanAll(replica, patientScan),
  digest: (replica) => drain(replica.digest?.(wholeRange, { ...patientStep, retirement: nothingRetired })),
  changes: (replica) => drain(replica.changes?.(null, patientStep)),
}

/** Another table with the very same rows, as a copy that was brought back is. */
const broughtBack = `
  CREATE TABLE copy AS TABLE keyv_quorum;
  DROP TABLE keyv_quorum`

const losses: Readonly<Record<string, () => Promise<unknown>>> = {
  emptied: () => query(server.url, 'TRUNCATE keyv_quorum'),
  'emptied row by row': () => query(server.url, 'DELETE FROM keyv_quorum'),
  'robbed of its lineage': () => query(server.url, 'DELETE FROM keyv_quorum WHERE key_hash = -1'),
  dropped: () => query(server.url, 'DROP TABLE keyv_quorum'),
  'dropped and made anew': async () => {
    await query(server.url, 'DROP TABLE keyv_quorum')
    await open().lineage(patient)
  },
  'brought back from a copy': async () => {
    await query(server.url, broughtBack)
    await open().getMany([key], patient)
    await query(server.url, 'TRUNCATE keyv_quorum; INSERT INTO keyv_quorum SELECT * FROM copy; DROP TABLE copy')
  },
}

describe.each(Object.entries(losses))('a table that was %s', (_what, lose) => {
  it.each(Object.entries(calls))('is not taken for the one that was told: %s', async (_name, call) => {
    const { replica, lineage } = await openTold()
    await call(replica)
    const again = await openTold()
    expect(again.lineage).toBe(lineage)
    await lose()
    const before = await heldRecords()
    await rejects(call(again.replica))
    expect(await heldRecords()).toEqual(before)
    expect(await again.replica.lineage(patient)).not.toBe(lineage)
    await call(again.replica)
  })
})

async function heldRecords(): Promise<unknown> {
  const [{ exists } = {}] = await query(server.url, "SELECT to_regclass('keyv_quorum') IS NOT NULL AS exists")
  return exists === true ? query(server.url, 'SELECT key, version FROM keyv_quorum WHERE key_hash >= 0') : []
}

describe('after the loss was noticed', () => {
  it('calls go on unvouched until the lineage is asked again', async () => {
    const { replica } = await openTold()
    await query(server.url, 'TRUNCATE keyv_quorum')
    await rejects(replica.getMany([key], patient))
    expect(await replica.getMany([key], patient)).toEqual([null])
    expect(await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)).toMatchObject([{ status: 'stored' }])
  })

  it('a scan that began before it rejects, although another call was told the new lineage', async () => {
    const { replica } = await openTold()
    await replica.putManyIfNewer(putsOf(...numberedKeys(20).map((name) => valueAt(1, name))), patient)
    const pages = replica.scan(wholeRange, { ...patientScan, pageKeysMax: 5 })[Symbol.asyncIterator]()
    await pages.next()
    await query(server.url, 'TRUNCATE keyv_quorum')
    await replica.lineage(patient)
    await rejects(Promise.resolve(pages.next()))
  })

  it('a put that had stored something rejects with TIMEOUT', async () => {
    const { replica } = await openTold()
    const [first, last] = numberedKeys(2).toSorted((a, b) => keyHash(a) - keyHash(b)) as [string, string]
    await replica.putManyIfNewer(putsOf(valueAt(5, last)), patient)
    await using lock = await holdTransaction(
      server.url,
      `SELECT FROM keyv_quorum WHERE key_hash = ${keyHash(last)} FOR UPDATE`,
    )
    const put = rejects(replica.putManyIfNewer(putsOf(valueAt(2, first), valueAt(2, last)), patient), 'TIMEOUT')
    await waitUntil(async () => (await waiting()) === 1, { what: 'the put to wait for the row' })
    const truncate = query(server.url, 'TRUNCATE keyv_quorum')
    await waitUntil(async () => (await waiting()) === 2, { what: 'the end of the table to wait for the put' })
    await lock.release()
    await Promise.all([put, truncate])
  })
})

async function waiting(): Promise<number> {
  const text = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
  const [row] = await query(server.url, text)
  return Number(row?.count)
}

describe('a server', () => {
  it('that was started again with its data is the same', async () => {
    const { replica, lineage } = await openTold()
    await server.kill()
    await server.start()
    await waitUntil(() => answers(replica), { what: 'an answer' })
    expect(await replica.getMany([key], patient)).toMatchObject([{ payload: 'payload 1' }])
    expect(await replica.putManyIfNewer(putsOf(valueAt(2, key)), patient)).toMatchObject([{ status: 'stored' }])
    expect(await replica.lineage(patient)).toBe(lineage)
  })

  it.each(Object.entries(calls).filter(([name]) => /^(getMany|putManyIfNewer)$/.test(name)))(
    'with nothing, in the place of the one that was told, is not taken for it: %s',
    async (_name, call) => {
      const { replica, lineage } = await openTold()
      await server.restartEmpty()
      const failed: unknown[] = []
      const reject = () =>
        call(replica).then(
          () => expect.unreachable(),
          (reason: Error) => {
            failed.push(reason)
            return reason.message.includes('lineage')
          },
        )
      // Calls on connections to the old server fail first.
      await waitUntil(reject, { what: 'the word that the lineage is another' })
      expect(await heldRecords()).toEqual([])
      expect(await replica.lineage(patient)).not.toBe(lineage)
      await call(replica)
    },
  )
})

function answers(replica: Replica): Promise<boolean> {
  return replica.getMany([key], patient).then(
    () => true,
    (reason: Error) => {
      expect(reason.message).not.toContain('lineage')
      return false
    },
  )
}
