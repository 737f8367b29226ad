import { describe, expect, test } from 'vitest'
import { readOwnSlots, readRedirection, readSlotTable } from '../../adapters/redis/cluster-slots.ts'
import { readFacts } from '../../adapters/redis/server-facts.ts'
import { EndlessCursors, endlessLog } from './redis/endless-server.ts'
import { filledServer, redisOperations } from './redis/redis-operations.ts'
import { RedisScene } from './redis/redis-scene.ts'
import { FakeErrorReply } from './redis/reply.ts'
import { endsLongWay } from './redis/walk-checks.ts'
import { walked } from './targets/positions.ts'

/** What hostile replies of Redis have found, case by case. */

function operation(name: string) {
  const found = redisOperations.find((each) => each.name === name)
  if (found === undefined) throw new RangeError(`there is no ${name}`)
  return found
}

/** One operation where every reply of one command is another. */
function answered(name: string, command: string, distorted: (reply: readonly unknown[]) => unknown): Promise<unknown> {
  const scene = new RedisScene(filledServer())
  scene.meddle = (reply, args) => {
    const isMeant = args[0] === command && !(reply instanceof FakeErrorReply)
    return { reply: isMeant ? distorted(reply as readonly unknown[]) : reply }
  }
  return scene.ended(operation(name).run(scene.replica))
}

const corrupt = { name: 'ReplicaError', code: 'CORRUPT' }
const nonsense: readonly unknown[] = [
  7,
  [],
  ['text'],
  new FakeErrorReply('ERR no'),
  undefined,
  true,
  Buffer.from('text'),
]

describe.each(nonsense)('%j in the place of a text', (other) => {
  test.each([
    ['getMany', 'MGET', 'reads as absent'],
    ['getVersions', 'EVAL', 'reads as absent'],
    ['put', 'EVAL', 'tells that the record was stored'],
    ['purge', 'EVAL', 'tells that nothing was removed'],
  ])('%s of %s: no longer %s', async (name, command) => {
    await expect(answered(name, command, (reply) => reply.with(0, other))).rejects.toMatchObject(corrupt)
  })

  test('no longer tells that a large record was stored', async () => {
    const put = answered('put large', 'EXEC', (reply) => reply.with(-1, (reply.at(-1) as unknown[]).with(0, other)))
    await expect(put).rejects.toMatchObject({ name: 'ReplicaError' })
  })

  test.each(['GET', 'INFO'])('%s: tells no longer of a server that has lost its data', async (command) => {
    const told = answered('lineage', command, () => other)
    await expect(told).rejects.toMatchObject({ name: 'ReplicaError' })
  })

  test('is no key of a scan that may be left out', async () => {
    await expect(answered('scan', 'SCAN', ([cursor]) => [cursor, [other]])).rejects.toMatchObject(corrupt)
    const page = answered('scan of some buckets', 'EVAL', (reply) => [...reply.slice(0, 3), other, 'head'])
    await expect(page).rejects.toMatchObject(corrupt)
  })

  test('is no entry of the log, whose position would be `undefined`', async () => {
    await expect(answered('position', 'XREVRANGE', () => [other])).rejects.toMatchObject(corrupt)
    await expect(answered('position', 'XREVRANGE', () => [[other, ['c', 'kkq:a']]])).rejects.toMatchObject(corrupt)
  })
})

test.each(['', ',', 'x,', '-1', '1.5', '4294967296'])('%j is no part of the sums of a digest', async (sums) => {
  const digested = answered('digest', 'EVALSHA', (reply) => (typeof reply === 'string' ? sums : reply))
  await expect(digested).rejects.toMatchObject(corrupt)
})

test('a digest that does not count what is retired has not counted none', async () => {
  const digested = answered('digest', 'EVALSHA', (reply) => (Array.isArray(reply) ? reply.with(4, null) : reply))
  await expect(digested).rejects.toMatchObject(corrupt)
})

test.each([1, 2, 3, 7])('%d cursors that come again and again do not lead round for ever', async (round) => {
  const scene = new RedisScene(filledServer())
  scene.meddle = new EndlessCursors({ lead: 2, round }).meddle
  await expect(scene.ended(operation('scan').run(scene.replica))).rejects.toMatchObject(corrupt)
})

test.each(['the same entry', 'there and back', 'backwards'] as const)(
  'a log that gives %s is not read for ever',
  async (kind) => {
    const scene = new RedisScene(filledServer())
    scene.meddle = endlessLog(kind)
    await expect(scene.ended(operation('changes').run(scene.replica))).rejects.toMatchObject(corrupt)
  },
)

test('a position that no server could have given is a gap, not an error', async () => {
  const { replica } = new RedisScene(filledServer())
  for (const id of ['18446744073709551616-0', '99999999999999999999-99999999999999999999']) {
    expect(await walked(replica, `${id}:c1`)).toMatchObject({ isGap: true })
  }
})

test.each(['scan', 'scan of a prefix', 'digest'])('a %s takes as long as it takes, step by step', async (name) => {
  await endsLongWay(operation(name), { others: 400, replyMs: 80 })
})

describe('of a cluster', () => {
  const context = { asked: { host: 'asked', port: 7_000 }, addressMap: undefined }
  const deep = Array.from({ length: 20_000 }).reduce<unknown>((inner) => [inner], 'x')

  test.each([
    [[[0, 16_384, ['a', 1]]]],
    [[[-1, 5, ['a', 1]]]],
    [[[0, 5, ['a', 70_000]]]],
    [[[0, 5, ['a', 'b']]]],
    [[[0, 5, [deep, 1]]]],
    [new Array(16_385).fill([0, 16_383, ['a', 1]])],
  ])('slots that are none are not read: %#', (reply) => {
    expect(readSlotTable(reply, context)).toBeNull()
  })

  test.each(['MOVED 16384 a:1', 'MOVED 99999999999 a:1', 'ASK 1 a:65536'])('%s leads nowhere', (message) => {
    expect(readRedirection(new FakeErrorReply(message), context)).toBeNull()
  })

  test('nodes are told in a text', () => {
    expect(readOwnSlots(deep)).toBeNull()
  })

  test.each([null, 7, 'always', undefined])('%j is no setting, and leaves no connection open', (setting) => {
    expect(readFacts(['', '', '', setting], { nodeId: false, fsync: true })).toBeNull()
  })
})
