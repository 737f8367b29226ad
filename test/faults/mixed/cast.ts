import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { postgresReplica } from '../../../adapters/postgres/postgres-replica.ts'
import { redisReplica } from '../../../adapters/redis/redis-replica.ts'
import { sqliteReplica } from '../../../adapters/sqlite/sqlite-replica.ts'
import type { Replica } from '../../../src/replica.ts'
import { startPostgres } from '../../servers/postgres.ts'
import { postgresCommand } from '../../servers/postgres-command.ts'
import { startProxy, type TestProxy } from '../../servers/proxy.ts'
import { startRedis } from '../../servers/redis.ts'
import type { TestServer } from '../../servers/test-server.ts'
import { lockSqliteFile, type SqliteLock } from '../sqlite-lock.ts'
import type { ReplicaAddress } from './client-plan.ts'
import type { Fault } from './fault.ts'

/** What stands behind one replica, and every client's way to it. */
export interface CastMember {
  readonly id: string
  readonly faults: readonly Fault[]
  /** One for each client; none where no network is between. */
  readonly links: readonly TestProxy[]
  /** As the client with this number reaches it. */
  addressFor(client: number): ReplicaAddress
  /** A replica with connections of its own, past all links. */
  open(): Replica
  close(): Promise<void>
}

export const castNames = ['mixed', 'redis'] as const
export type CastName = (typeof castNames)[number]

export function assemble(cast: CastName, clientsCount: number): Promise<readonly CastMember[]> {
  if (cast === 'redis') {
    // Two whose every restart loses all they held, as long as nothing worse is done to them.
    const keepsData = [true, false, false]
    return Promise.all(keepsData.map((keeps, index) => redisMember(`redis-${index}`, keeps, clientsCount)))
  }
  return Promise.all([
    redisMember('redis', true, clientsCount),
    postgresMember('postgres', clientsCount),
    sqliteMember('sqlite'),
  ])
}

async function redisMember(id: string, keepsData: boolean, clientsCount: number): Promise<CastMember> {
  const server = await startRedis({ appendOnly: keepsData, controllable: true })
  const emptied: Fault = {
    name: 'emptied',
    losesData: true,
    begin: () => server.kill(),
    end: () => server.restartEmpty(),
  }
  return {
    id,
    faults: [killed(server, !keepsData), frozen(server), emptied],
    ...(await linked(id, 'redis', server, clientsCount)),
    open: () => redisReplica(server.url, { id }),
  }
}

async function postgresMember(id: string, clientsCount: number): Promise<CastMember> {
  const server = await startPostgres({ controllable: true })
  const emptied: Fault = {
    name: 'emptied',
    losesData: true,
    begin: async () => void (await postgresCommand(server.url, 'TRUNCATE keyv_quorum')),
    end: async () => undefined,
  }
  return {
    id,
    faults: [killed(server, false), frozen(server), emptied],
    ...(await linked(id, 'postgres', server, clientsCount)),
    open: () => postgresReplica(server.url, { id }),
  }
}

/** A file in a folder that may be gone, such as one of a disk that was unmounted. */
async function sqliteMember(id: string): Promise<CastMember> {
  const root = await mkdtemp(join(tmpdir(), 'keyv-quorum-'))
  const mounted = join(root, 'mounted')
  const unmounted = join(root, 'unmounted')
  const path = join(mounted, 'replica.db')
  await mkdir(mounted)
  const begin = () => rename(mounted, unmounted)
  const away: Fault = { name: 'away', losesData: false, begin, end: () => rename(unmounted, mounted) }
  const emptied: Fault = {
    name: 'emptied',
    losesData: true,
    begin,
    end: async () => {
      await rm(unmounted, { recursive: true })
      await mkdir(mounted)
    },
  }
  return {
    id,
    faults: [away, emptied, locked(path)],
    links: [],
    addressFor: () => ({ kind: 'sqlite', id, path }),
    open: () => sqliteReplica({ path }, { id }),
    close: () => rm(root, { recursive: true }),
  }
}

function killed(server: TestServer, losesData: boolean): Fault {
  return { name: 'killed', losesData, begin: () => server.kill(), end: () => server.start() }
}

function frozen(server: TestServer): Fault {
  return { name: 'frozen', losesData: false, begin: async () => server.freeze(), end: async () => server.thaw() }
}

function locked(path: string): Fault {
  let lock: SqliteLock | undefined
  return {
    name: 'locked',
    losesData: false,
    begin: async () => {
      lock = await lockSqliteFile(path)
    },
    end: async () => lock?.release(),
  }
}

async function linked(
  id: string,
  kind: 'redis' | 'postgres',
  server: TestServer,
  clientsCount: number,
): Promise<Pick<CastMember, 'links' | 'addressFor' | 'close'>> {
  const links = await Promise.all(Array.from({ length: clientsCount }, () => startProxy(server.port)))
  return {
    links,
    addressFor(client) {
      const url = new URL(server.url)
      url.port = String(links[client]?.port)
      return { kind, id, url: url.href }
    },
    async close() {
      await Promise.all(links.map((link) => link.close()))
      await server[Symbol.asyncDispose]()
    },
  }
}
