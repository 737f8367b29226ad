import { expect, test } from 'vitest'
import { memoryReplica } from '../../adapters/memory/memory-replica.ts'
import { type LoadReplica, lazyReplica } from '../../adapters/open/lazy-replica.ts'
import { wholeRange } from '../../src/core/hash.ts'
import { newValue, type RecordHead } from '../../src/core/record.ts'
import type { Replica } from '../../src/replica.ts'
import { SimulatedTime } from '../support/simulated-time.ts'

const options = { timeoutMs: 1_000 }
const record = newValue(':a', '0'.repeat(28), 'sa', null)

/** A lazy replica over one in memory, whose loading the test holds in its hands. */
function scene(make: () => Replica = () => memoryReplica({ id: 'late' })) {
  const time = new SimulatedTime()
  const loads: { succeed(): void; fail(cause: Error): void }[] = []
  const made: Replica[] = []
  const load: LoadReplica = () =>
    new Promise((resolve, reject) => {
      const makeOne = () => {
        const replica = make()
        made.push(replica)
        return replica
      }
      loads.push({ succeed: () => resolve(makeOne), fail: reject })
    })
  const { guarantees, limits } = memoryReplica()
  const replica = lazyReplica({ id: 'late', guarantees, limits }, load, time.runtime())
  return { time, loads, made, replica }
}

async function scanAll(replica: Replica): Promise<RecordHead[]> {
  const heads: RecordHead[] = []
  for await (const page of replica.scan(wholeRange, { pageTimeoutMs: 1_000, pageKeysMax: 10 })) heads.push(...page)
  return heads
}

test('loading starts at once, and nothing is made before the first call', async () => {
  const { loads, made, replica, time } = scene()
  expect(loads).toHaveLength(1)
  loads[0]?.succeed()
  await time.settle()
  expect(made).toHaveLength(0)

  await replica.getMany([':a'], options)
  expect(made).toHaveLength(1)
})

test('all calls reach the one replica, also those made while it loads', async () => {
  const { loads, made, replica } = scene()
  const put = replica.putManyIfNewer([{ record }], options)
  const lineage = replica.lineage(options)
  loads[0]?.succeed()

  expect(await put).toMatchObject([{ status: 'stored' }])
  expect(await replica.lineage(options)).toBe(await lineage)
  expect(await replica.getMany([':a'], options)).toEqual([record])
  expect(await replica.getVersions([':a'], options)).toMatchObject([{ version: record.version }])
  expect(await scanAll(replica)).toMatchObject([{ key: ':a' }])
  expect(await replica.purgeMany([record], options)).toEqual([true])
  expect(made).toHaveLength(1)
})

test('a call whose time is over while it loads rejects with TIMEOUT, and later ones succeed', async () => {
  const { loads, replica, time } = scene()
  const call = replica.getMany([':a'], options)
  const rejection = expect(call).rejects.toMatchObject({ code: 'TIMEOUT', replica: 'late' })
  await time.advance(1_000)
  await rejection
  expect(time.timersPending).toBe(0)

  loads[0]?.succeed()
  expect(await replica.getMany([':a'], options)).toEqual([null])
  expect(time.timersPending).toBe(0)
})

test('the replica is given what loading has left of the time', async () => {
  const given: number[] = []
  const { loads, replica, time } = scene(() => ({
    ...memoryReplica(),
    getMany: async (keys, { timeoutMs }) => {
      given.push(timeoutMs)
      return keys.map(() => null)
    },
  }))
  const call = replica.getMany([':a'], options)
  await time.advance(300)
  loads[0]?.succeed()
  await call
  await replica.getMany([':a'], options)

  expect(given).toEqual([700, 1_000])
})

test('loading that failed says why, and is tried again', async () => {
  const { loads, replica } = scene()
  const cause = new Error('a driver for another Node')
  loads[0]?.fail(cause)
  await expect(replica.getMany([':a'], options)).rejects.toMatchObject({ code: 'UNAVAILABLE', replica: 'late', cause })

  const again = replica.getMany([':a'], options)
  expect(loads).toHaveLength(2)
  loads[1]?.succeed()
  expect(await again).toEqual([null])
})

test('a replica that cannot be made is unavailable', async () => {
  const cause = new Error('no')
  const { loads, replica } = scene(() => {
    throw cause
  })
  loads[0]?.succeed()
  await expect(replica.lineage(options)).rejects.toMatchObject({ code: 'UNAVAILABLE', replica: 'late', cause })
})

test('closed before it was ever called, it makes no replica', async () => {
  const { loads, made, replica } = scene()
  const early = replica.getMany([':a'], options)
  const rejection = expect(early).rejects.toMatchObject({ code: 'CLOSED' })
  await replica.close()
  loads[0]?.succeed()
  await rejection
  await expect(replica.getMany([':a'], options)).rejects.toMatchObject({ code: 'CLOSED' })
  await expect(scanAll(replica)).rejects.toMatchObject({ code: 'CLOSED' })
  expect(made).toHaveLength(0)
})

test('closing closes the replica that was made', async () => {
  const { loads, made, replica } = scene()
  loads[0]?.succeed()
  await replica.getMany([':a'], options)
  await replica.close()

  await expect(made[0]?.lineage(options)).rejects.toMatchObject({ code: 'CLOSED' })
  await expect(replica.getMany([':a'], options)).rejects.toMatchObject({ code: 'CLOSED' })
})
