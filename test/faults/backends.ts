import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { postgresReplica } from '../../adapters/postgres/postgres-replica.ts'
import { redisReplica } from '../../adapters/redis/redis-replica.ts'
import { sqliteReplica } from '../../adapters/sqlite/sqlite-replica.ts'
import type { Replica } from '../../src/replica.ts'
import { startPostgres } from '../servers/postgres.ts'
import { postgresCommand } from '../servers/postgres-command.ts'
import { startRedis } from '../servers/redis.ts'
import type { TestServer } from '../servers/test-server.ts'

/** What stands behind one replica, as whoever runs it sees it. */
export interface Backend {
  /** A replica with connections of its own. */
  open(): Replica
  /** It goes away at once, with no word to its clients. */
  stop(): Promise<void>
  /** It is back with what it held. */
  start(): Promise<void>
  /** It is back with nothing. */
  startEmpty(): Promise<void>
  close(): Promise<void>
}

/** @param keepsData whether it has an append-only file: without one it cannot but come back empty */
export async function redisBackend(keepsData: boolean): Promise<Backend> {
  const server = await startRedis({ appendOnly: keepsData, controllable: true })
  return { ...controlsOf(server), open: () => redisReplica(server.url), startEmpty: () => server.restartEmpty() }
}

export async function postgresBackend(): Promise<Backend> {
  const server = await startPostgres({ controllable: true })
  const startEmpty = async () => {
    await server.start()
    await postgresCommand(server.url, 'TRUNCATE keyv_quorum')
  }
  return { ...controlsOf(server), open: () => postgresReplica(server.url), startEmpty }
}

/** A file in a folder that is not there while it is stopped, such as one of a disk that was unmounted. */
export async function sqliteBackend(): Promise<Backend> {
  const root = await mkdtemp(join(tmpdir(), 'keyv-quorum-'))
  const mounted = join(root, 'mounted')
  const away = join(root, 'away')
  await mkdir(mounted)
  return {
    open: () => sqliteReplica(`sqlite://${join(mounted, 'replica.db')}`),
    stop: () => rename(mounted, away),
    start: () => rename(away, mounted),
    startEmpty: async () => {
      await rm(away, { recursive: true })
      await mkdir(mounted)
    },
    close: () => rm(root, { recursive: true }),
  }
}

function controlsOf(server: TestServer): Pick<Backend, 'stop' | 'start' | 'close'> {
  return {
    stop: () => server.kill(),
    start: () => server.start(),
    close: async () => server[Symbol.asyncDispose](),
  }
}

export function oneOfEach(): Promise<readonly Backend[]> {
  return Promise.all([redisBackend(true), postgresBackend(), sqliteBackend()])
}
