import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryReplica } from '../../adapters/memory/memory-replica.ts'
import type { ReplicaSource } from '../../adapters/open.ts'
import type { QuorumOptions } from '../../src/config.ts'
import { KeyvQuorum } from '../../src/keyv-quorum.ts'
import { startPostgres } from '../servers/postgres.ts'
import { startRedis } from '../servers/redis.ts'

/** A backdrop for tests of the Keyv face: a way to open stores over the same replicas, and to take all down again. */
export interface Backdrop {
  readonly name: string
  prepare(): Promise<{ open(options?: QuorumOptions): KeyvQuorum; close(): Promise<void> }>
}

const memory: Backdrop = {
  name: 'memory',
  prepare: async () => {
    const replicas = ['a', 'b', 'c'].map((id) => memoryReplica({ id }))
    return stores(
      () => replicas,
      async () => undefined,
    )
  },
}

const sqlite: Backdrop = {
  name: 'SQLite',
  prepare: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'keyv-quorum-'))
    const sources = ['a', 'b', 'c'].map((id) => `sqlite://${join(folder, `${id}.db`)}`)
    return stores(
      () => sources,
      () => rm(folder, { recursive: true }),
    )
  },
}

const mixed: Backdrop = {
  name: 'Redis, PostgreSQL and SQLite',
  prepare: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'keyv-quorum-'))
    const [redis, postgres] = await Promise.all([startRedis(), startPostgres()])
    const sources = [redis.url, postgres.url, `sqlite://${join(folder, 'c.db')}`]
    return stores(
      () => sources,
      async () => {
        await Promise.all([redis.stop(), postgres.stop(), rm(folder, { recursive: true })])
      },
    )
  },
}

export const backdrops: readonly Backdrop[] = [memory, sqlite, mixed]

function stores(sources: () => readonly ReplicaSource[], tearDown: () => Promise<void>) {
  const opened: KeyvQuorum[] = []
  return {
    open(options: QuorumOptions = {}): KeyvQuorum {
      const store = new KeyvQuorum(sources(), options)
      opened.push(store)
      return store
    },
    async close(): Promise<void> {
      await Promise.all(opened.map((store) => store.disconnect()))
      await tearDown()
    },
  }
}
