import { execFile } from 'node:child_process'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import type { Replica } from '../../src/replica.ts'
import { numberedKeys, putsOf, valueAt } from '../conformance/samples.ts'
import { freePort } from '../servers/free-port.ts'
import { startProxy } from '../servers/proxy.ts'
import { startRedis } from '../servers/redis.ts'
import { waitUntil } from '../servers/wait-until.ts'
import { connectionIds, hasOneConnection } from './redis-support/connection-ids.ts'
import { failure } from './redis-support/failure.ts'
import { connectRaw } from './redis-support/raw-redis.ts'
import { replicaOpener } from './redis-support/replica-opener.ts'

const patient = { timeoutMs: 30_000 }
const hurried = { timeoutMs: 200 }
const key = ':key'

const server = await startRedis({ controllable: true })
const raw = await connectRaw(server.url)
afterAll(async () => {
  await raw[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const open = replicaOpener(server.url)

describe('a server that is not there', () => {
  test('is UNAVAILABLE, with the reason, at once and again', async () => {
    const replica = open(`redis://127.0.0.1:${await freePort()}`)
    for (let attempt = 0; attempt < 50; attempt += 1) {
      await expect(replica.getMany([key], patient)).rejects.toMatchObject(failure('UNAVAILABLE', /ECONNREFUSED/))
    }
  })

  test('is UNAVAILABLE when its name is not known', async () => {
    const replica = open('redis://nowhere.invalid:6379')
    await expect(replica.getMany([key], patient)).rejects.toMatchObject(failure('UNAVAILABLE', /nowhere\.invalid/))
  })

  test('and never answers a connection is UNAVAILABLE when connecting takes too long', async () => {
    await using proxy = await startProxy(server.port)
    proxy.silence()
    const replica = open(`redis://127.0.0.1:${proxy.port}`, { connectTimeoutMs: 100 })
    await expect(replica.getMany([key], patient)).rejects.toMatchObject(failure('UNAVAILABLE', /within 100 ms/))
    proxy.heal()
    await waitUntil(() => answers(replica), { what: 'an answer once the network is back' })
  })
})

test('a server that goes on failing is not dialled by every call', async () => {
  let dialled = 0
  const rude = createServer((socket) => {
    dialled += 1
    socket.resetAndDestroy()
  })
  await new Promise<void>((resolve) => rude.listen(0, '127.0.0.1', resolve))
  const { port } = rude.address() as AddressInfo
  const replica = open(`redis://127.0.0.1:${port}`)
  for (let call = 0; call < 200; call += 1) {
    await expect(replica.getMany([key], patient)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  }
  expect(dialled).toBeLessThan(100)
  await new Promise((resolve) => rude.close(resolve))
})

describe('a connection', () => {
  test('that is lost before the answer leaves the outcome unknown', async () => {
    await using proxy = await startProxy(server.port)
    const replica = open(`redis://127.0.0.1:${proxy.port}`)
    await replica.getMany([key], patient)
    proxy.silence()
    const put = replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
    proxy.cut()
    await expect(put).rejects.toMatchObject(failure('TIMEOUT', /lost before the answer/))
    proxy.heal()
    await waitUntil(() => answers(replica), { what: 'an answer once the network is back' })
  })

  test('that the server closed while it was idle costs no call', async () => {
    const replica = open()
    await replica.getMany([key], patient)
    await raw.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await waitUntil(() => answers(replica), { what: 'an answer over a new connection' })
    for (let call = 0; call < 20; call += 1) expect(await replica.getMany([key], patient)).toHaveLength(1)
  })

  test('is given up by a call that timed out, and still answers the calls that wait longer', async () => {
    const replica = open()
    await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
    await waitUntil(() => hasOneConnection(raw), { what: 'the end of older connections' })
    const [own] = await connectionIds(raw)
    await raw.command('CLIENT', 'PAUSE', '1000', 'ALL')
    const waiting = replica.getMany([key], patient)
    await expect(replica.getMany([key], hurried)).rejects.toMatchObject(failure('TIMEOUT', /within 200 ms/))
    expect(await waiting).toEqual([valueAt(1, key)])
    expect(await replica.getMany([key], patient)).toEqual([valueAt(1, key)])
    await waitUntil(async () => !(await connectionIds(raw)).includes(own), { what: 'the end of the old connection' })
    expect(await hasOneConnection(raw)).toBe(true)
  })

  test('is one, however many calls there are', async () => {
    const replica = open()
    await Promise.all(numberedKeys(100).map((each) => replica.getMany([each], patient)))
    await waitUntil(() => hasOneConnection(raw), { what: 'the end of all connections but one' })
    await replica.close()
    await waitUntil(async () => (await connectionIds(raw)).length === 0, { what: 'the end of the connection' })
  })
})

test('calls to a frozen server leave no connections behind', async () => {
  const replica = open()
  await replica.getMany([key], patient)
  server.freeze()
  try {
    for (let wave = 0; wave < 5; wave += 1) {
      const calls = numberedKeys(20).map((each) => replica.getMany([each], { timeoutMs: 60 }))
      for (const result of await Promise.allSettled(calls)) expect(result.status).toBe('rejected')
    }
  } finally {
    server.thaw()
  }
  await waitUntil(() => answers(replica), { what: 'an answer of the thawed server' })
  await waitUntil(() => hasOneConnection(raw), { what: 'the end of all connections but one' })
})

test('a server that is late is waited for', async () => {
  await using proxy = await startProxy(server.port)
  proxy.delayMs = 40
  const replica = open(`redis://127.0.0.1:${proxy.port}`)
  const records = numberedKeys(20).map((each) => valueAt(1, each))
  await Promise.all(records.map((record) => replica.putManyIfNewer(putsOf(record), patient)))
  const reads = await Promise.all(records.map((record) => replica.getMany([record.key], patient)))
  expect(reads.flat()).toEqual(records)
  await replica.close()
})

describe('close', () => {
  test('lets a call under way have its answer', async () => {
    const replica = open()
    await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
    const read = replica.getMany([key], patient)
    await replica.close()
    expect(await read).toEqual([valueAt(1, key)])
  })

  test('rejects a call that still waits for a connection as one that did nothing', async () => {
    await using proxy = await startProxy(server.port)
    proxy.silence()
    const replica = open(`redis://127.0.0.1:${proxy.port}`)
    const put = replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
    const rejected = expect(put).rejects.toMatchObject({ code: 'CLOSED' })
    await replica.close()
    await rejected
  })

  test.each(['answered', 'under way'])('lets the process end when a call was %s', async (call) => {
    await exits(server.url, call)
  })

  test('lets the process end when the server is gone or silent', async () => {
    await using proxy = await startProxy(server.port)
    proxy.silence()
    await Promise.all([
      exits(`redis://127.0.0.1:${await freePort()}`, 'rejected'),
      exits(`redis://127.0.0.1:${proxy.port}`, 'under way'),
    ])
  })
})

/** Rejects when the process does not end by itself. */
async function exits(uri: string, call: string): Promise<void> {
  const program = join(import.meta.dirname, 'redis-support/exits.ts')
  await promisify(execFile)(process.execPath, [program, uri, call], { timeout: 30_000 })
}

async function answers(replica: Replica): Promise<boolean> {
  return replica.getMany([key], patient).then(
    () => true,
    () => false,
  )
}
