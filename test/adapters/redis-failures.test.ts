import { execFile } from 'node:child_process'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { inspect, promisify } from 'node:util'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import type { RedisReplicaOptions } from '../../adapters/redis/redis-options.ts'
import { redisReplica } from '../../adapters/redis/redis-replica.ts'
import type { Replica } from '../../src/replica.ts'
import { headOf, numberedKeys, putsOf, valueAt } from '../conformance/samples.ts'
import { scanAll } from '../conformance/scan-all.ts'
import { freePort } from '../servers/free-port.ts'
import { startProxy } from '../servers/proxy.ts'
import { startRedis } from '../servers/redis.ts'
import { redisCommand } from '../servers/redis-command.ts'
import { redisProcess } from '../servers/redis-process.ts'
import { waitUntil } from '../servers/wait-until.ts'
import { whileBusy } from './redis-support/busy-script.ts'
import { connectRaw } from './redis-support/raw-redis.ts'

const patient = { timeoutMs: 30_000 }
const hurried = { timeoutMs: 200 }
const key = ':key'
const large = 'large '.repeat(1_000)

const server = await startRedis({ controllable: true })
const raw = await connectRaw(server.url)
afterAll(async () => {
  await raw[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const opened: Replica[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((replica) => replica.close()))
})

function open(uri: string = server.url, options?: RedisReplicaOptions): Replica {
  const replica = redisReplica(uri, options)
  opened.push(replica)
  return replica
}

function failure(code: string, message: RegExp) {
  return { name: 'ReplicaError', code, message: expect.stringMatching(message) }
}

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

test('a server that is busy with the script of another client is UNAVAILABLE: it ran nothing', async () => {
  const replica = open()
  await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
  await whileBusy(server.url, async () => {
    const put = replica.putManyIfNewer(putsOf(valueAt(2, key)), patient)
    await expect(put).rejects.toMatchObject(failure('UNAVAILABLE', /BUSY/))
  })
  expect(await replica.getMany([key], patient)).toEqual([valueAt(1, key)])
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
    await waitUntil(hasOneConnection, { what: 'the end of older connections' })
    const [own] = await connectionIds()
    await raw.command('CLIENT', 'PAUSE', '1000', 'ALL')
    const waiting = replica.getMany([key], patient)
    await expect(replica.getMany([key], hurried)).rejects.toMatchObject(failure('TIMEOUT', /within 200 ms/))
    expect(await waiting).toEqual([valueAt(1, key)])
    expect(await replica.getMany([key], patient)).toEqual([valueAt(1, key)])
    await waitUntil(async () => !(await connectionIds()).includes(own), { what: 'the end of the old connection' })
    expect(await hasOneConnection()).toBe(true)
  })

  test('is one, however many calls there are', async () => {
    const replica = open()
    await Promise.all(numberedKeys(100).map((each) => replica.getMany([each], patient)))
    await waitUntil(hasOneConnection, { what: 'the end of all connections but one' })
    await replica.close()
    await waitUntil(async () => (await connectionIds()).length === 0, { what: 'the end of the connection' })
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
  await waitUntil(hasOneConnection, { what: 'the end of all connections but one' })
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

test('a server that loads its data is UNAVAILABLE, and comes in when it is done', async () => {
  const port = await freePort()
  const slowToLoad = ['key-load-delay 20000', 'loading-process-events-interval-bytes 1024']
  const loading = await redisProcess([{ port, role: 'server', settings: slowToLoad }])
  const url = `redis://127.0.0.1:${port}`
  try {
    await loading.launch()
    await waitUntil(() => isUp(url), { what: 'the first start' })
    const replica = open(url)
    const records = numberedKeys(100).map((each) => valueAt(1, each, large))
    await replica.putManyIfNewer(putsOf(...records), patient)
    await redisCommand(url, 'SAVE')
    await loading.kill()
    await loading.launch()
    const refusals: string[] = []
    const isLoaded = () =>
      replica.getMany([key], patient).then(
        () => true,
        (error: unknown) => refusals.push(String(error)) === 0,
      )
    await waitUntil(isLoaded, { what: 'the end of loading' })
    expect(refusals).toContainEqual(expect.stringContaining('loading its data'))
    expect(await replica.getMany([records[99]?.key ?? ''], patient)).toEqual([records[99]])
  } finally {
    await loading.kill()
  }
})

describe('a server that refuses', () => {
  test.each(['small', large])(
    'for want of memory rejects puts, goes on reading and purging, and keeps nothing: %#',
    async (payload) => {
      const replica = open()
      const held = valueAt(1, key, payload)
      await replica.putManyIfNewer(putsOf(held), patient)
      const keysBefore = await raw.command('KEYS', '*')
      await raw.command('CONFIG', 'SET', 'maxmemory', '1')
      try {
        const put = replica.putManyIfNewer(putsOf(valueAt(2, key, payload), valueAt(2, ':b', payload)), patient)
        await expect(put).rejects.toMatchObject(failure('REJECTED', /OOM/))
        expect(await raw.command('KEYS', '*')).toEqual(keysBefore)
        expect(await replica.getMany([key], patient)).toEqual([held])
        expect(await replica.purgeMany([headOf(held)], patient)).toEqual([true])
      } finally {
        await raw.command('CONFIG', 'SET', 'maxmemory', '0')
      }
    },
  )

  test('writes because it follows another one rejects them, and takes them when it leads again', async () => {
    const replica = open()
    await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
    await waitUntil(hasOneConnection, { what: 'the end of older connections' })
    const [own] = await connectionIds()
    await raw.command('REPLICAOF', '127.0.0.1', String(await freePort()))
    try {
      const put = replica.putManyIfNewer(putsOf(valueAt(2, key)), patient)
      await expect(put).rejects.toMatchObject(failure('REJECTED', /READONLY/))
      // Another server may have the name by now, so the next call looks it up.
      await waitUntil(async () => !(await connectionIds()).includes(own), { what: 'the end of the connection' })
    } finally {
      await raw.command('REPLICAOF', 'NO', 'ONE')
    }
    expect(await replica.putManyIfNewer(putsOf(valueAt(2, key)), patient)).toMatchObject([{ status: 'stored' }])
  })

  test.each([
    ['without a password', '', /NOAUTH/],
    ['with a wrong one', 'user:wr%40ng-password@', /WRONGPASS/],
  ])('a login %s rejects every call, and no error tells a password', async (_name, login, message) => {
    await raw.command('CONFIG', 'SET', 'requirepass', 'right-password')
    try {
      const replica = open(server.url.replace('//', `//${login}`))
      const error: unknown = await replica.getMany([key], patient).catch((reason: unknown) => reason)
      expect(error).toMatchObject(failure('REJECTED', message))
      expect(inspect(error, { depth: 20, showHidden: true })).not.toMatch(/(?:ng|right)-password/)
    } finally {
      await raw.command('CONFIG', 'SET', 'requirepass', '')
    }
  })

  test('a command rejects the calls that need it', async () => {
    await raw.command('ACL', 'SETUSER', 'reader', 'reset', 'on', '>pass', '~kq:*', '+info', '+mget')
    const replica = open(server.url.replace('//', '//reader:pass@'))
    expect(await replica.getMany([':absent'], patient)).toEqual([null])
    const put = replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
    await expect(put).rejects.toMatchObject(failure('REJECTED', /NOPERM/))
  })
})

test('a large put that fails half-way leaves nothing behind', async () => {
  await raw.command('FLUSHALL')
  await raw.command('ACL', 'SETUSER', 'nameless', 'reset', 'on', '>pass', '~kq:*', '+@all', '-rename')
  const replica = open(server.url.replace('//', '//nameless:pass@'))
  const records = [':a', ':b', ':c'].map((each) => valueAt(1, each, large))
  const put = replica.putManyIfNewer(putsOf(...records), patient)
  await expect(put).rejects.toMatchObject({ code: 'REJECTED' })
  expect(await raw.command('KEYS', '*')).toEqual([])
})

test('a login with the documented permissions, and with no other, is enough', async () => {
  const commands =
    'get set mset mget getrange setrange exists unlink rename pexpireat persist eval evalsha scan multi exec info'
  await raw.command('FLUSHALL')
  await raw.command(
    'ACL',
    'SETUSER',
    'quorum',
    'reset',
    'on',
    '>pass',
    '~kq:*',
    ...commands.split(' ').map((name) => `+${name}`),
  )
  const replica = open(server.url.replace('//', '//quorum:pass@'))
  await replica.lineage(patient)
  const soonMs = Date.now() + 60_000
  for (const payload of ['small', large]) {
    for (const [step, retainUntilMs] of [soonMs, soonMs + 1, soonMs, 2 ** 48 - 1].entries()) {
      const record = { ...valueAt(step + 1, key, payload), retainUntilMs }
      await replica.putManyIfNewer(putsOf(record), patient)
      await replica.putManyIfNewer(putsOf({ ...record, retainUntilMs: retainUntilMs + 1 }), patient)
    }
    const [held] = await replica.getVersions([key], patient)
    expect(held).not.toBeNull()
    expect(await scanAll(replica, { pageTimeoutMs: 30_000, pageKeysMax: 10 })).toEqual([held])
    expect(await replica.purgeMany([{ ...valueAt(4, key) }], patient)).toEqual([true])
  }
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

/** Of all connections but the one that looks. */
async function connectionIds(): Promise<(string | undefined)[]> {
  const own = `id=${await raw.command('CLIENT', 'ID')}`
  const list = (await raw.command('CLIENT', 'LIST', 'TYPE', 'NORMAL')) as string
  return list
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[0])
    .filter((id) => id !== own)
}

async function hasOneConnection(): Promise<boolean> {
  return (await connectionIds()).length === 1
}

async function answers(replica: Replica): Promise<boolean> {
  return replica.getMany([key], patient).then(
    () => true,
    () => false,
  )
}

async function isUp(url: string): Promise<boolean> {
  return redisCommand(url, 'PING').then(
    (answer) => answer === 'PONG',
    () => false,
  )
}
