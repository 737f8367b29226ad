import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import type { Replica } from '../../src/replica.ts'
import { numberedKeys, putsOf, tombstoneAt, valueAt } from '../conformance/samples.ts'
import { startRedis } from '../servers/redis.ts'
import { redisCommand } from '../servers/redis-command.ts'
import { failure } from './redis-support/failure.ts'
import { connectRaw } from './redis-support/raw-redis.ts'
import { replicaOpener } from './redis-support/replica-opener.ts'

const patient = { timeoutMs: 30_000 }
const logKey = 'kq:\0changes'

const server = await startRedis()
const raw = await connectRaw(server.url)
const restarting = await startRedis({ controllable: true })
afterAll(async () => {
  await raw[Symbol.asyncDispose]()
  await Promise.all([server[Symbol.asyncDispose](), restarting[Symbol.asyncDispose]()])
})
const open = replicaOpener(server.url)
beforeEach(() => raw.command('FLUSHDB'))

async function changesAfter(replica: Replica, after: string | null) {
  const keys = new Set<string>()
  let position = ''
  let isGap = false
  for await (const step of replica.changes?.(after, { stepTimeoutMs: 30_000 }) ?? []) {
    for (const key of step.keys) keys.add(key)
    position = step.position
    isGap ||= step.isGap === true
  }
  return { keys: [...keys].sort(), position, isGap }
}

async function positionOf(replica: Replica): Promise<string> {
  const { keys, position, isGap } = await changesAfter(replica, null)
  expect({ keys, isGap }).toEqual({ keys: [], isGap: false })
  expect(position).toMatch(/^[ -~]{1,200}$/)
  return position
}

describe('the log of changes', () => {
  test.each(['small', 'large '.repeat(1_000)])(
    'names what was stored after a position, and nothing else: %#',
    async (payload) => {
      const replica = open()
      const held = valueAt(2, ':held', payload)
      await replica.putManyIfNewer(putsOf(held), patient)
      const position = await positionOf(replica)
      expect(await changesAfter(replica, position)).toEqual({ keys: [], position, isGap: false })
      await replica.putManyIfNewer(putsOf(held, valueAt(1, ':a', payload), tombstoneAt(1, ':é😀')), patient)
      await replica.putManyIfNewer(putsOf(valueAt(1, ':held', payload), valueAt(2, ':a', payload)), patient)
      const changed = await changesAfter(replica, position)
      expect(changed).toMatchObject({ keys: [':a', ':é😀'], isGap: false })
      expect(await changesAfter(replica, changed.position)).toMatchObject({ keys: [], isGap: false })
      expect(await changesAfter(open(), position)).toEqual(changed)
    },
  )

  test('names every key of many batches, large and small together, expiring or not', async () => {
    const replica = open()
    const position = await positionOf(replica)
    const keys = numberedKeys(20_000)
    for (let start = 0; start < keys.length; start += 1_000) {
      const records = keys.slice(start, start + 1_000).map((key, index) => ({
        ...valueAt(1, key, index % 100 === 0 ? 'large '.repeat(1_000) : 'small'),
        ...(index % 3 === 0 ? { retainUntilMs: Date.now() + 60_000 } : {}),
      }))
      await replica.putManyIfNewer(putsOf(...records), patient)
    }
    expect(await changesAfter(replica, position)).toMatchObject({ keys: keys.toSorted(), isGap: false })
    expect(Number(await raw.command('XLEN', logKey))).toBeLessThan(keys.length / 20)
  })

  test('names the empty key too', async () => {
    const replica = open()
    const position = await positionOf(replica)
    await replica.putManyIfNewer(putsOf(valueAt(1, '')), patient)
    expect(await changesAfter(replica, position)).toMatchObject({ keys: [''], isGap: false })
  })

  test('has a gap where it was trimmed', async () => {
    const replica = open(server.url, { changesMax: 10 })
    const position = await positionOf(replica)
    for (let step = 1; step <= 300; step += 1) await replica.putManyIfNewer(putsOf(valueAt(step, ':key')), patient)
    expect(Number(await raw.command('XLEN', logKey))).toBeLessThan(200)
    const changed = await changesAfter(replica, position)
    expect(changed).toMatchObject({ keys: [], isGap: true })
    expect(changed.position).toBe(await positionOf(replica))
    await replica.putManyIfNewer(putsOf(valueAt(1, ':later')), patient)
    expect(await changesAfter(replica, changed.position)).toMatchObject({ keys: [':later'], isGap: false })
  })

  test('has a gap where a key was too long for it', async () => {
    const replica = open()
    const position = await positionOf(replica)
    const long = `:${'é'.repeat(2_000)}`
    await replica.putManyIfNewer(putsOf(valueAt(1, ':a'), valueAt(1, long), valueAt(1, ':b')), patient)
    expect(await changesAfter(replica, position)).toMatchObject({ keys: [':a', ':b', long], isGap: false })
    await replica.putManyIfNewer(putsOf(valueAt(2, ':a'), valueAt(1, `${long}${long}`), valueAt(2, ':b')), patient)
    const changed = await changesAfter(replica, position)
    expect(changed).toMatchObject({ isGap: true })
    expect(await changesAfter(replica, changed.position)).toMatchObject({ keys: [], isGap: false })
  })

  test('has a gap where the server was emptied, also if it was at the same moment that something was put', async () => {
    const replica = open()
    for (let round = 0; round < 20; round += 1) {
      await replica.putManyIfNewer(putsOf(valueAt(1, ':key')), patient)
      const position = await positionOf(replica)
      await raw.command('FLUSHDB')
      await replica.putManyIfNewer(putsOf(valueAt(1, ':key')), patient)
      expect(await changesAfter(replica, position)).toMatchObject({ isGap: true })
      await raw.command('FLUSHDB')
    }
  })

  test('has a gap where the server lost it in a restart', async () => {
    const replica = open(restarting.url)
    const position = await positionOf(replica)
    await restarting.kill()
    await restarting.start()
    expect(await changesAfter(replica, position)).toMatchObject({ keys: [], isGap: true })
  })

  test.each(['', 'nonsense', '1-1', `0-0:${'x'.repeat(150)}`])(
    'has a gap at what is no position of it: %s',
    async (position) => {
      const replica = open()
      await replica.putManyIfNewer(putsOf(valueAt(1, ':key')), patient)
      expect(await changesAfter(replica, position)).toEqual({
        keys: [],
        isGap: true,
        position: await positionOf(replica),
      })
    },
  )

  test('is vouched for by the lineage', async () => {
    const replica = open()
    await replica.lineage(patient)
    const position = await positionOf(replica)
    await raw.command('FLUSHDB')
    await expect(changesAfter(replica, position)).rejects.toMatchObject(failure('UNAVAILABLE', /lineage/))
    expect(await changesAfter(replica, position)).toMatchObject({ isGap: true })
  })

  test('is not there where it is turned off', async () => {
    const replica = open(server.url, { changesMax: 0 })
    await replica.putManyIfNewer(putsOf(valueAt(1, ':a'), valueAt(1, ':b', 'large '.repeat(1_000))), patient)
    expect(replica).not.toHaveProperty('changes')
    expect(await redisCommand(server.url, 'EXISTS', logKey)).toBe(0)
  })

  test('is not there in a cluster', () => {
    expect(open('redis+cluster://127.0.0.1:1')).not.toHaveProperty('changes')
  })
})
