import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { KeyvQuorum } from '../../src/keyv-quorum.ts'
import { startPostgres } from '../servers/postgres.ts'
import { startRedis } from '../servers/redis.ts'
import type { TestServer } from '../servers/test-server.ts'
import { lockSqliteFile } from './sqlite-lock.ts'
import { Workload } from './workload.ts'

interface Cast {
  readonly sources: readonly string[]
  readonly servers: Readonly<Record<string, TestServer>>
  /** The file of the replica that has no server. */
  readonly sqliteFile?: string
  close(): Promise<void>
}

const casts: readonly { name: string; prepare: () => Promise<Cast> }[] = [
  { name: 'three Redis', prepare: threeRedis },
  { name: 'Redis, PostgreSQL and SQLite', prepare: oneOfEach },
]

const operationsUnderFault = 500

describe.each(casts)('$name under load', ({ prepare }) => {
  let cast: Cast
  let store: KeyvQuorum
  beforeAll(async () => {
    cast = await prepare()
    store = new KeyvQuorum(cast.sources)
  })
  afterAll(async () => {
    await store.disconnect()
    await cast.close()
  })

  it('fails no operation and loses no acknowledged write while each server in turn is killed and comes back', async () => {
    const load = new Workload(store, 16)
    await load.answered(operationsUnderFault)
    for (const server of Object.values(cast.servers)) {
      await server.kill()
      await load.answered(operationsUnderFault)
      await server.start()
      await areAllBack(store)
      await store.repairsDone()
      await load.answered(operationsUnderFault)
    }
    expect(await load.finish()).toMatchObject({ failures: [], lostWrites: [] })
  })

  it('fails no operation and loses no acknowledged write while each server in turn is frozen and thawed', async () => {
    const load = new Workload(store, 16)
    await load.answered(operationsUnderFault)
    for (const server of Object.values(cast.servers)) {
      server.freeze()
      // Frozen for as long as it takes the failure detector to notice, and then for a while.
      await expect
        .poll(() => store.replicas.filter(({ condition }) => condition !== 'up').length, { timeout: 30_000 })
        .toBe(1)
      await load.answered(operationsUnderFault)
      server.thaw()
      await areAllBack(store)
      await load.answered(operationsUnderFault)
    }
    expect(await load.finish()).toMatchObject({ failures: [], lostWrites: [] })
  })

  it('comes into use when its servers are up, though one was down when the store was opened', async () => {
    const [server] = Object.values(cast.servers)
    await server?.kill()
    const late = new KeyvQuorum(cast.sources)
    expect(await late.set('early', 'bird')).toBe(true)
    await server?.start()
    await expect
      .poll(
        async () => {
          await late.get('early')
          return late.replicas.every(({ condition }) => condition === 'up')
        },
        { timeout: 30_000 },
      )
      .toBe(true)
    await late.disconnect()
  })
})

it('fails no operation and loses no acknowledged write while another process locks a SQLite file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'keyv-quorum-'))
  const files = ['a.db', 'b.db', 'c.db'].map((name) => join(folder, name))
  const store = new KeyvQuorum(files.map((file) => `sqlite://${file}`))
  onTestFinished(async () => {
    await store.disconnect()
    await rm(folder, { recursive: true })
  })
  let failuresSeen = 0
  store.on('replica-failure', () => {
    failuresSeen += 1
  })
  const load = new Workload(store, 16)
  await load.answered(operationsUnderFault)
  for (const file of files) {
    const before = failuresSeen
    const lock = await lockSqliteFile(file)
    // Held until the store has noticed, and then for a while.
    await expect.poll(() => failuresSeen, { timeout: 30_000 }).toBeGreaterThan(before)
    await load.answered(operationsUnderFault)
    await lock.release()
    await areAllBack(store)
    await store.repairsDone()
    await load.answered(operationsUnderFault)
  }
  expect(await load.finish()).toMatchObject({ failures: [], lostWrites: [] })
})

/** The replica is asked again, and answers, before the next one is broken: two at a time are more than n = 3 takes. */
async function areAllBack(store: KeyvQuorum): Promise<void> {
  await expect
    .poll(() => store.replicas.map(({ condition }) => condition), { timeout: 30_000 })
    .toEqual(['up', 'up', 'up'])
}

async function threeRedis(): Promise<Cast> {
  // Append-only files, flushed at every write: what a server acknowledged must be there when it comes back.
  const [a, b, c] = await Promise.all([redis(), redis(), redis()])
  return {
    sources: [a.url, b.url, c.url],
    servers: { a, b, c },
    close: async () => void (await Promise.all([a.stop(), b.stop(), c.stop()])),
  }
}

async function oneOfEach(): Promise<Cast> {
  const folder = await mkdtemp(join(tmpdir(), 'keyv-quorum-'))
  const [a, b] = await Promise.all([redis(), startPostgres({ controllable: true })])
  return {
    sources: [a.url, b.url, `sqlite://${join(folder, 'c.db')}`],
    servers: { redis: a, postgres: b },
    close: async () => void (await Promise.all([a.stop(), b.stop(), rm(folder, { recursive: true })])),
  }
}

function redis(): Promise<TestServer> {
  return startRedis({ appendOnly: true, controllable: true })
}
