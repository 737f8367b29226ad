import { inspect } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { bucketsCount } from '../../src/core/digest.ts'
import { wholeRange } from '../../src/core/hash.ts'
import { headOf, numberedKeys, putsOf, valueAt } from '../conformance/samples.ts'
import { scanAll } from '../conformance/scan-all.ts'
import { freePort } from '../servers/free-port.ts'
import { startRedis } from '../servers/redis.ts'
import { redisCommand } from '../servers/redis-command.ts'
import { redisProcess } from '../servers/redis-process.ts'
import { waitUntil } from '../servers/wait-until.ts'
import { allOf } from './redis-support/all-of.ts'
import { whileBusy } from './redis-support/busy-script.ts'
import { connectionIds, hasOneConnection } from './redis-support/connection-ids.ts'
import { failure } from './redis-support/failure.ts'
import { connectRaw } from './redis-support/raw-redis.ts'
import { replicaOpener } from './redis-support/replica-opener.ts'

const patient = { timeoutMs: 30_000 }
const key = ':key'
const large = 'large '.repeat(1_000)

const server = await startRedis({ controllable: true })
const raw = await connectRaw(server.url)
afterAll(async () => {
  await raw[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})
const open = replicaOpener(server.url)

test('a server that is busy with the script of another client is UNAVAILABLE: it ran nothing', async () => {
  const replica = open()
  await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
  await whileBusy(server.url, async () => {
    const put = replica.putManyIfNewer(putsOf(valueAt(2, key)), patient)
    await expect(put).rejects.toMatchObject(failure('UNAVAILABLE', /BUSY/))
  })
  expect(await replica.getMany([key], patient)).toEqual([valueAt(1, key)])
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
    await waitUntil(() => hasOneConnection(raw), { what: 'the end of older connections' })
    const [own] = await connectionIds(raw)
    await raw.command('REPLICAOF', '127.0.0.1', String(await freePort()))
    try {
      const put = replica.putManyIfNewer(putsOf(valueAt(2, key)), patient)
      await expect(put).rejects.toMatchObject(failure('REJECTED', /READONLY/))
      // Another server may have the name by now, so the next call looks it up.
      await waitUntil(async () => !(await connectionIds(raw)).includes(own), { what: 'the end of the connection' })
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
    'get set mset mget getrange setrange strlen bitfield exists unlink rename pexpire pexpireat persist ' +
    'xadd xrange xrevrange eval evalsha scan multi exec info'
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
    expect(await scanAll(replica, { pageTimeoutMs: 30_000, pageKeysMax: 10 })).toMatchObject([held])
    const retired = { retainedUntilMs: soonMs, diedUntilMs: -1 }
    expect(await scanAll(replica, { pageTimeoutMs: 30_000, pageKeysMax: 10, retired })).toEqual([])
    const steps = { stepTimeoutMs: 30_000, retirement: retired }
    expect((await allOf(replica.digest?.(wholeRange, steps))).at(-1)?.sums).toHaveLength(bucketsCount)
    const [now] = await allOf(replica.changes?.(null, steps))
    expect(await allOf(replica.changes?.(now?.position ?? '', steps))).toMatchObject([{ keys: [] }])
    expect(await replica.purgeMany([{ ...valueAt(4, key) }], patient)).toEqual([true])
  }
})

async function isUp(url: string): Promise<boolean> {
  return redisCommand(url, 'PING').then(
    (answer) => answer === 'PONG',
    () => false,
  )
}
