import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { type PostgresReplicaOptions, postgresReplica } from '../../adapters/postgres/postgres-replica.ts'
import { keyHash, wholeRange } from '../../src/core/hash.ts'
import { ReplicaError } from '../../src/errors.ts'
import type { Replica } from '../../src/replica.ts'
import { numberedKeys, putsOf, userKey, valueAt } from '../conformance/samples.ts'
import { startPostgres } from '../servers/postgres.ts'
import { waitUntil } from '../servers/wait-until.ts'
import { runProgram } from './postgres-support/program.ts'
import { query } from './postgres-support/sql.ts'
import { holdTransaction } from './postgres-support/transaction.ts'
import { serverControl } from './server-control.ts'

const server = await startPostgres({ controllable: true })
const control = serverControl(server, true)
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(async () => {
  await query(server.url, 'DROP TABLE IF EXISTS keyv_quorum')
})

const patient = { timeoutMs: 30_000 }
const hurried = { timeoutMs: 300 }
const key = userKey('a')

function open(uri = server.url, options: PostgresReplicaOptions = {}): Replica {
  const replica = postgresReplica(uri, options)
  onTestFinished(() => replica.close())
  return replica
}

/** Also when the test fails. */
function breakServer(how: 'freeze' | 'kill'): Promise<void> {
  onTestFinished(async () => {
    await control.thaw()
    await control.start()
  })
  return control[how]()
}

async function failureOf(call: Promise<unknown>): Promise<ReplicaError> {
  const error = await call.then(
    () => expect.unreachable(),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ReplicaError)
  return error as ReplicaError
}

function answers(replica: Replica): Promise<boolean> {
  return replica.getMany([key], hurried).then(
    () => true,
    () => false,
  )
}

function connections(condition = 'true'): Promise<readonly Record<string, unknown>[]> {
  return query(
    server.url,
    `SELECT pid FROM pg_stat_activity WHERE application_name = 'keyv-quorum' AND pid <> pg_backend_pid() AND ${condition}`,
  )
}

const lockTable = 'LOCK TABLE keyv_quorum'
const terminateAll = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'keyv-quorum'`

describe('connections', () => {
  it('are not opened before the first call, and never more than connectionsMax', async () => {
    const replica = open(server.url, { connectionsMax: 3 })
    expect(await connections()).toEqual([])
    await Promise.all(numberedKeys(40).map((name) => replica.getMany([name], patient)))
    const count = (await connections()).length
    expect(count).toBeGreaterThan(0)
    expect(count).toBeLessThanOrEqual(3)
    await replica.close()
    await waitUntil(async () => (await connections()).length === 0, { what: 'the end of all connections' })
  })

  it('that were dropped while idle harm nobody: the next call opens new ones', async () => {
    const replica = open()
    for (let round = 1; round <= 3; round += 1) {
      await Promise.all(numberedKeys(8).map((name) => replica.putManyIfNewer(putsOf(valueAt(round, name)), patient)))
      // One that was still being made when the last put was done comes in late.
      await waitUntil(async () => (await query(server.url, terminateAll)).length === 0, {
        what: 'the end of all connections',
      })
      // The news may still be on its way to this process.
      await waitUntil(() => answers(replica), { what: 'an answer' })
    }
    expect(await replica.getMany(numberedKeys(1), patient)).toMatchObject([{ payload: 'payload 3' }])
  })

  it('that the server refuses beyond its limit are done without: calls wait for those there are', async () => {
    await open().putManyIfNewer(putsOf(valueAt(1, key)), patient)
    await query(server.url, 'CREATE ROLE narrow LOGIN CONNECTION LIMIT 1; GRANT ALL ON keyv_quorum TO narrow')
    onTestFinished(async () => void (await query(server.url, 'DROP OWNED BY narrow; DROP ROLE narrow')))
    const uri = server.url.replace('postgres@', 'narrow@')
    const replica = open(uri)
    await replica.getMany([key], patient)
    await using lock = await holdTransaction(server.url, 'SELECT FROM keyv_quorum FOR UPDATE')
    const put = replica.putManyIfNewer(putsOf(valueAt(2, key)), patient)
    const reads = Promise.all(numberedKeys(8).map((name) => replica.getMany([name], patient)))
    for (let attempt = 0; attempt < 3; attempt += 1) {
      expect(await failureOf(open(uri).getMany([key], patient))).toMatchObject({ code: 'UNAVAILABLE' })
    }
    await lock.release()
    expect(await put).toMatchObject([{ status: 'stored' }])
    expect(await reads).toEqual(Array(8).fill([null]))
    await replica.close()
  })

  it('that are dropped under a call make it reject with TIMEOUT, which says what may have happened', async () => {
    const replica = open()
    await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
    await using _lock = await holdTransaction(server.url, lockTable)
    const put = failureOf(replica.putManyIfNewer(putsOf(valueAt(2, key)), patient))
    await waitUntil(async () => (await connections("wait_event_type = 'Lock'")).length === 1, { what: 'a waiting put' })
    await query(server.url, terminateAll)
    expect(await put).toMatchObject({ code: 'TIMEOUT' })
    expect((await put).message).toContain('a write may have been carried out')
  })
})

describe('a call that takes too long', () => {
  it('gives its place to the call that waits for a connection', async () => {
    const replica = open(server.url, { connectionsMax: 1 })
    await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
    await using _lock = await holdTransaction(server.url, 'SELECT FROM keyv_quorum FOR UPDATE')
    const put = failureOf(replica.putManyIfNewer(putsOf(valueAt(2, key)), hurried))
    const read = replica.getMany([key], patient)
    expect(await put).toMatchObject({ code: 'TIMEOUT' })
    expect(await read).toMatchObject([{ payload: 'payload 1' }])
  })

  it('is tried again when it is the victim of a deadlock', async () => {
    const replica = open()
    const keys = numberedKeys(2)
    await replica.putManyIfNewer(putsOf(...keys.map((name) => valueAt(1, name))), patient)
    const [first, last] = keys.toSorted((a, b) => keyHash(a) - keyHash(b))
    const lockOf = (name: string | undefined) => `SELECT FROM keyv_quorum WHERE key = '${name}' FOR UPDATE`
    await using lock = await holdTransaction(server.url, "SET LOCAL deadlock_timeout = '10min'", lockOf(last))
    const put = replica.putManyIfNewer(putsOf(...keys.map((name) => valueAt(2, name))), patient)
    await waitUntil(async () => (await connections("wait_event_type = 'Lock'")).length === 1, { what: 'a waiting put' })
    await lock.run(lockOf(first))
    await lock.release()
    expect(await put).toMatchObject([{ status: 'stored' }, { status: 'stored' }])
  })

  it('rejects in its time, and its statement ends on the server soon after', async () => {
    const replica = open()
    await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
    await using lock = await holdTransaction(server.url, lockTable)
    expect(await failureOf(replica.putManyIfNewer(putsOf(valueAt(2, key)), hurried))).toMatchObject({ code: 'TIMEOUT' })
    // Earlier than any limit on statements or locks: the server notices that its client is gone.
    await waitUntil(async () => (await connections("wait_event_type = 'Lock'")).length === 0, {
      what: 'the end of the statement',
      timeoutMs: 4_000,
    })
    await lock.release()
    expect(await replica.getMany([key], patient)).toMatchObject([{ payload: 'payload 1' }])
  })

  it('rejects with TIMEOUT when the server cancels it', async () => {
    const replica = open()
    await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
    await using _lock = await holdTransaction(server.url, lockTable)
    const put = failureOf(replica.putManyIfNewer(putsOf(valueAt(2, key)), patient))
    await waitUntil(async () => (await connections("wait_event_type = 'Lock'")).length === 1, { what: 'a waiting put' })
    await query(server.url, terminateAll.replace('terminate', 'cancel'))
    expect(await put).toMatchObject({ code: 'TIMEOUT' })
    expect((await put).message).toContain('changed nothing')
  })
})

describe('a frozen server', () => {
  it('costs every call its own time and no more, and finds no heap of connections when it thaws', async () => {
    const replica = open(server.url, { connectionsMax: 4 })
    await Promise.all(numberedKeys(4).map((name) => replica.getMany([name], patient)))
    await breakServer('freeze')
    for (let wave = 0; wave < 4; wave += 1) {
      const calls = numberedKeys(30).map((name) => failureOf(replica.getMany([name], hurried)))
      for (const { code } of await Promise.all(calls)) expect(code).toBe('TIMEOUT')
    }
    await control.thaw()
    await waitUntil(() => answers(replica), { what: 'an answer' })
    await waitUntil(async () => (await connections()).length <= 4, { what: 'the end of abandoned connections' })
  })

  it('lets nobody wait beyond a bound', async () => {
    const replica = open(server.url, { connectionsMax: 1 })
    await replica.getMany([key], patient)
    await breakServer('freeze')
    const calls = numberedKeys(1_100).map((name) => failureOf(replica.getMany([name], hurried)))
    const codes = (await Promise.all(calls)).map(({ code }) => code)
    expect(codes.filter((code) => code === 'UNAVAILABLE')).toHaveLength(99)
    expect(codes.filter((code) => code === 'TIMEOUT')).toHaveLength(1_001)
  })

  it('does not hold up a scan that is aborted', async () => {
    const replica = open()
    await replica.putManyIfNewer(putsOf(...numberedKeys(20).map((name) => valueAt(1, name))), patient)
    const controller = new AbortController()
    const pages = replica
      .scan(wholeRange, { pageTimeoutMs: 30_000, pageKeysMax: 5, signal: controller.signal })
      [Symbol.asyncIterator]()
    await pages.next()
    await breakServer('freeze')
    const next = pages.next()
    controller.abort(new Error('enough'))
    await expect(next).rejects.toThrow('enough')
  })

  it('does not keep the process of a replica that was closed', async () => {
    const program = runProgram('close-frozen.ts', [server.url])
    await program.line('ready')
    await breakServer('freeze')
    program.write('frozen\n')
    expect(await program.exitCode).toBe(0)
  })
})

describe('the process', () => {
  it('may end while connections are idle, without a close', async () => {
    const program = runProgram('never-close.ts', [server.url])
    await program.line('answered')
    expect(await program.exitCode).toBe(0)
  })

  it('outlives the end of all its connections, and goes on', async () => {
    const program = runProgram('survive.ts', [server.url])
    await program.line('ready')
    await breakServer('kill')
    await control.start()
    program.write('restarted\n')
    await program.line('answered')
    expect(await program.exitCode).toBe(0)
  })
})

describe('a server that is down', () => {
  it('makes calls reject with UNAVAILABLE at once, and is used when it is up', async () => {
    const late = open()
    await breakServer('kill')
    for (const replica of [late, open(server.url.replace('postgres@', 'ann:pa55-w0rd@'))]) {
      const failure = await failureOf(replica.putManyIfNewer(putsOf(valueAt(1, key)), patient))
      expect(failure).toMatchObject({ code: 'UNAVAILABLE' })
      expect(failure.message).toContain('ECONNREFUSED')
      expect(JSON.stringify(failure) + failure.message).not.toContain('pa55-w0rd')
    }
    await control.start()
    expect(await late.putManyIfNewer(putsOf(valueAt(1, key)), patient)).toMatchObject([{ status: 'stored' }])
  })

  it('is used again after it was killed and restarted, with the statements prepared anew', async () => {
    const replica = open()
    await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
    const lineage = await replica.lineage(patient)
    await breakServer('kill')
    expect((await failureOf(replica.getMany([key], patient))).code).toMatch(/UNAVAILABLE|TIMEOUT/)
    await control.start()
    await waitUntil(() => answers(replica), { what: 'an answer' })
    expect(await replica.getMany([key], patient)).toMatchObject([{ payload: 'payload 1' }])
    expect(await replica.lineage(patient)).toBe(lineage)
  })
})

describe('a server that refuses', () => {
  it.each([
    ['a database that is not there', 'REJECTED', (uri: string) => uri.replace(/postgres$/, 'nowhere')],
    ['a role that is not there', 'REJECTED', (uri: string) => uri.replace('postgres@', 'nobody:pa55-w0rd@')],
    ['TLS', 'UNAVAILABLE', (uri: string) => `${uri}?sslmode=no-verify`],
    ['a parameter', 'REJECTED', (uri: string) => `${uri}?options=-c%20nonsense%3D1`],
  ] as const)('%s makes calls reject with %s, without the password', async (_name, code, change) => {
    const failure = await failureOf(open(change(server.url)).getMany([key], patient))
    expect(failure).toMatchObject({ code })
    expect(failure.message + String(failure.cause)).not.toContain('pa55-w0rd')
  })

  it('one connection too many is UNAVAILABLE', async () => {
    await query(server.url, 'CREATE ROLE single LOGIN CONNECTION LIMIT 0')
    onTestFinished(async () => void (await query(server.url, 'DROP ROLE single')))
    const failure = await failureOf(open(server.url.replace('postgres@', 'single@')).getMany([key], patient))
    expect(failure).toMatchObject({ code: 'UNAVAILABLE' })
    expect(failure.message).toContain('too many connections')
  })

  it('writes makes puts reject with REJECTED, and reads go on', async () => {
    const replica = open()
    await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
    const readOnly = open(`${server.url}?options=-c%20default_transaction_read_only%3Don`)
    expect(await failureOf(readOnly.putManyIfNewer(putsOf(valueAt(2, key)), patient))).toMatchObject({
      code: 'REJECTED',
      message: expect.stringContaining('25006'),
    })
    expect(await readOnly.getMany([key], patient)).toMatchObject([{ payload: 'payload 1' }])
  })
})
