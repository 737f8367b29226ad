import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import type { RedisReplicaOptions } from '../../adapters/redis/redis-options.ts'
import { wholeRange } from '../../src/core/hash.ts'
import type { Replica } from '../../src/replica.ts'
import { headOf, numberedKeys, putsOf, valueAt } from '../conformance/samples.ts'
import { scanAll } from '../conformance/scan-all.ts'
import { startRedis } from '../servers/redis.ts'
import { redisCommand } from '../servers/redis-command.ts'
import { replicaOpener } from './redis-support/replica-opener.ts'

const patient = { timeoutMs: 30_000 }
const patientScan = { pageTimeoutMs: 30_000, pageKeysMax: 100 }
const key = ':key'
const held = valueAt(1, key)
const changed = { name: 'ReplicaError', code: 'UNAVAILABLE', message: expect.stringContaining('lineage') }

const forgetful = await startRedis({ controllable: true })
const lasting = await startRedis({ controllable: true, appendOnly: true })
afterAll(() => Promise.all([forgetful[Symbol.asyncDispose](), lasting[Symbol.asyncDispose]()]))

const open = replicaOpener(forgetful.url)

/** A replica that was told its lineage and holds a record. */
async function openTold(url: string, options?: RedisReplicaOptions): Promise<{ replica: Replica; lineage: string }> {
  const replica = open(url, options)
  const lineage = await replica.lineage(patient)
  await replica.putManyIfNewer(putsOf(held), patient)
  return { replica, lineage }
}

describe('a restart', () => {
  test('with the append-only file on changes nothing, and no call is refused after it', async () => {
    const { replica, lineage } = await openTold(lasting.url)
    await lasting.kill()
    await lasting.start()
    expect(await replica.getMany([key], patient)).toEqual([held])
    expect(await replica.lineage(patient)).toBe(lineage)
  })

  test('without it changes the lineage, and no answer is given before somebody was told so', async () => {
    const { replica, lineage } = await openTold(forgetful.url)
    await forgetful.kill()
    await forgetful.start()
    await expect(replica.getMany([key], patient)).rejects.toMatchObject(changed)
    expect(await replica.lineage(patient)).not.toBe(lineage)
    expect(await replica.getMany([key], patient)).toEqual([null])
  })

  test('from a snapshot is found out too, though marks of the data are there again', async () => {
    const { replica, lineage } = await openTold(forgetful.url)
    await redisCommand(forgetful.url, 'SAVE')
    await replica.putManyIfNewer(putsOf(valueAt(2, key)), patient)
    await forgetful.kill()
    await forgetful.start()
    await expect(replica.getMany([key], patient)).rejects.toMatchObject(changed)
    expect(await replica.getMany([key], patient)).toEqual([held])
    expect(await replica.lineage(patient)).not.toBe(lineage)
  })

  test('changes the lineage when the file was only on for a while', async () => {
    const { replica, lineage: before } = await openTold(forgetful.url)
    await redisCommand(forgetful.url, 'CONFIG', 'SET', 'appendonly', 'yes')
    const lineage = await replica.lineage(patient)
    await forgetful.kill()
    await forgetful.start()
    const after = await replica.lineage(patient)
    expect(new Set([before, lineage, after])).toHaveProperty('size', 3)
  })

  test('with appendfsync everysec keeps the lineage only as the durability option says', async () => {
    await redisCommand(lasting.url, 'CONFIG', 'SET', 'appendfsync', 'everysec')
    const trusting = await openTold(lasting.url)
    const strict = await openTold(lasting.url, { durability: 'aof-fsync-always' })
    // Configured again by its file: this server fsyncs always when it starts.
    await lasting.kill()
    await lasting.start()
    expect(await trusting.replica.lineage(patient)).toBe(trusting.lineage)
    const lineage = await strict.replica.lineage(patient)
    expect(lineage).not.toBe(strict.lineage)
    await lasting.kill()
    await lasting.start()
    expect(await strict.replica.lineage(patient)).toBe(lineage)
  })
})

describe('a server that is emptied under an open connection', () => {
  let replica: Replica
  let lineage: string
  beforeEach(async () => {
    ;({ replica, lineage } = await openTold(forgetful.url))
    await redisCommand(forgetful.url, 'FLUSHALL')
  })

  test('never lets a read pass for an answer', async () => {
    await expect(replica.getMany([key], patient)).rejects.toMatchObject(changed)
  })

  test('never lets a read of versions pass for an answer', async () => {
    await expect(replica.getVersions([key], patient)).rejects.toMatchObject(changed)
  })

  test('never lets a put count: it is applied, and its outcome unknown', async () => {
    const put = replica.putManyIfNewer(putsOf(valueAt(2, key)), patient)
    await expect(put).rejects.toMatchObject({ ...changed, code: 'TIMEOUT' })
    expect(await replica.getMany([key], patient)).toEqual([valueAt(2, key)])
  })

  test('never lets a purge count', async () => {
    await expect(replica.purgeMany([headOf(held)], patient)).rejects.toMatchObject({ ...changed, code: 'TIMEOUT' })
  })

  test('never lets a scan end as if nothing were there', async () => {
    await expect(scanAll(replica, patientScan)).rejects.toMatchObject(changed)
  })

  test('makes every call reject that was made before the first one found out', async () => {
    const calls = numberedKeys(16).map((each) => replica.getMany([each], patient))
    for (const result of await Promise.allSettled(calls)) expect(result).toMatchObject({ reason: changed })
  })

  test('is found out also when another client was there first', async () => {
    await openTold(forgetful.url)
    await expect(replica.getMany([key], patient)).rejects.toMatchObject(changed)
  })

  test('has another lineage, under which calls are answered again', async () => {
    expect(await replica.lineage(patient)).not.toBe(lineage)
    expect(await replica.getMany([key], patient)).toEqual([null])
  })

  test('answers again after one refusal, for those who do not ask', async () => {
    await expect(replica.getMany([key], patient)).rejects.toMatchObject(changed)
    expect(await replica.getMany([key], patient)).toEqual([null])
  })

  test('answers at once where nobody was ever told a lineage', async () => {
    expect(await open(forgetful.url).getMany([key], patient)).toEqual([null])
  })
})

test('a scan under way rejects when the server is emptied, whoever finds out first', async () => {
  const { replica } = await openTold(forgetful.url)
  const records = numberedKeys(300).map((each) => valueAt(1, each))
  await replica.putManyIfNewer(putsOf(...records), patient)
  const scan = async () => {
    for await (const _page of replica.scan(wholeRange, { ...patientScan, pageKeysMax: 10 })) {
      await redisCommand(forgetful.url, 'FLUSHALL')
      await replica.getMany([key], patient).catch(() => undefined)
    }
  }
  await expect(scan()).rejects.toMatchObject(changed)
})

test('a scan rejects when the server was restarted under way, even if it kept everything', async () => {
  const replica = open(lasting.url)
  const records = numberedKeys(300).map((each) => valueAt(1, each))
  await replica.putManyIfNewer(putsOf(...records), patient)
  let pages = 0
  const scan = async () => {
    for await (const _page of replica.scan(wholeRange, { ...patientScan, pageKeysMax: 10 })) {
      pages += 1
      if (pages > 1) continue
      await lasting.kill()
      await lasting.start()
    }
  }
  await expect(scan()).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('restarted') })
})

test('all clients of a server are told the same, whatever they call it', async () => {
  const { lineage } = await openTold(forgetful.url)
  const named = open(forgetful.url.replace('127.0.0.1', 'localhost'))
  expect(await named.lineage(patient)).toBe(lineage)
})

test('each database and each prefix has a lineage of its own', async () => {
  const { lineage } = await openTold(forgetful.url)
  const others = [open(`${forgetful.url}/1`), open(forgetful.url, { keyPrefix: 'other:' })]
  const lineages = await Promise.all(others.map((replica) => replica.lineage(patient)))
  expect(new Set([lineage, ...lineages])).toHaveProperty('size', 3)
})
