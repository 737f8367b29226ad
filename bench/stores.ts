import KeyvRedis from '@keyv/redis'
import { Keyv } from 'keyv'
import { KeyvQuorum } from '../src/keyv-quorum.ts'
import { startRedis } from '../test/servers/redis.ts'
import type { TestServer } from '../test/servers/test-server.ts'
import type { Subject } from './load.ts'

export interface Store {
  readonly name: string
  readonly keyv: Keyv
  readonly servers: readonly TestServer[]
  close(): Promise<void>
}

/** What everyone runs today: one Keyv over one Redis. */
export async function singleRedis(): Promise<Store> {
  const server = await startRedis({ controllable: true })
  const keyv = new Keyv(new KeyvRedis(server.url), { namespace: 'bench' })
  return store('Keyv + @keyv/redis, 1 Redis', keyv, [server])
}

export async function quorumOfRedis(name: string): Promise<Store> {
  const servers = await Promise.all([1, 2, 3].map(() => startRedis({ controllable: true })))
  const quorum = new KeyvQuorum(servers.map(({ url }) => url))
  return store(name, new Keyv(quorum, { namespace: 'bench' }), servers)
}

export const keysCount = 2_000

export async function fill(keyv: Keyv, bytes: number): Promise<void> {
  const entries = Array.from({ length: keysCount }, (_, index) => ({
    key: keyFor(index),
    value: valueFor(index, bytes),
  }))
  for (let start = 0; start < keysCount; start += 100) await keyv.setMany(entries.slice(start, start + 100))
}

export function gets({ name, keyv }: Store): Subject {
  return {
    name,
    operation: async (index) => {
      if ((await keyv.get(keyFor(index))) === undefined) throw new Error(`${name} lost ${keyFor(index)}`)
    },
  }
}

export function sets({ name, keyv }: Store, bytes: number): Subject {
  return {
    name,
    operation: async (index) => {
      if (!(await keyv.set(keyFor(index), valueFor(index, bytes))))
        throw new Error(`${name} did not set ${keyFor(index)}`)
    },
  }
}

function keyFor(index: number): string {
  return `user:${index % keysCount}`
}

/** Values differ from write to write, because some backends skip the I/O of writing what is there already. */
function valueFor(index: number, bytes: number): string {
  return index.toString(36).padEnd(bytes, 'v')
}

function store(name: string, keyv: Keyv, servers: readonly TestServer[]): Store {
  return {
    name,
    keyv,
    servers,
    close: async () => {
      await keyv.disconnect().catch(() => undefined)
      await Promise.all(servers.map((server) => server.stop()))
    },
  }
}
