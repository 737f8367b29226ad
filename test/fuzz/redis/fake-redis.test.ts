import { afterAll, beforeEach, expect, test } from 'vitest'
import { redisReplica } from '../../../adapters/redis/redis-replica.ts'
import { connectRaw } from '../../adapters/redis-support/raw-redis.ts'
import { startRedis } from '../../servers/redis.ts'
import { walked } from '../targets/positions.ts'
import { wrongPositions } from '../targets/redis-positions.ts'
import { filledServer, redisOperations } from './redis-operations.ts'
import { RedisScene } from './redis-scene.ts'

/** What is fuzzed over a server that is none has to be what a server does. */
const server = await startRedis()
const raw = await connectRaw(server.url)
const replica = redisReplica(server.url)
afterAll(async () => {
  await replica.close()
  await raw[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

beforeEach(async () => {
  const fake = filledServer()
  await raw.command('FLUSHALL')
  for (const [key, text] of fake.texts) await raw.command('SET', key, text)
  for (const [id, [field, text]] of fake.log.entries) await raw.command('XADD', 'kq:\0changes', id, field, text)
})

const comparable = redisOperations.filter(({ name }) => name !== 'lineage')

test.each(comparable.map(({ name }) => name))(
  '%s over the fake server comes to what it comes to over Redis',
  async (name) => {
    const operation = comparable.find((each) => each.name === name)
    expect(await operation?.run(new RedisScene(filledServer()).replica)).toEqual(await operation?.run(replica))
  },
)

test.each(wrongPositions)('the position %j is answered alike', async (position) => {
  const fake = await walked(new RedisScene(filledServer()).replica, position)
  expect(fake).toEqual(await walked(replica, position))
})

test('what is put after it is logged alike', async () => {
  const scene = new RedisScene(filledServer())
  for (const each of [scene.replica, replica]) {
    const { position } = await walked(each, null)
    await comparable.find(({ name }) => name === 'put')?.run(each)
    await comparable.find(({ name }) => name === 'put large')?.run(each)
    expect([...(await walked(each, position)).found].sort()).toEqual([':key 0', ':new', ':unreadable'])
  }
})
