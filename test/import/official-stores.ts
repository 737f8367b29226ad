import { createRequire } from 'node:module'
import { DatabaseSync } from 'node:sqlite'
import KeyvPostgres from '@keyv/postgres'
import KeyvRedis from '@keyv/redis'
import KeyvSqlite from '@keyv/sqlite'
import Keyv from 'keyv'

const requireOfKeyv5 = createRequire(new URL('../keyv5/package.json', import.meta.url))

async function ofKeyv5<Default>(name: string): Promise<Default> {
  const module: { default: Default } = await import(requireOfKeyv5.resolve(name))
  return module.default
}

interface Adapter {
  disconnect?(): Promise<void>
}

export const Keyv5 = await ofKeyv5<new (store: object, options: { namespace?: string }) => Keyv>('keyv')
const KeyvRedis5 = await ofKeyv5<new (uri: string) => Adapter & object>('@keyv/redis')
const KeyvPostgres5 = await ofKeyv5<new (options: object) => Adapter & object>('@keyv/postgres')

/** Where a Keyv of an application keeps its entries. */
export interface OfficialStore {
  readonly name: string
  readonly series: 5 | 6
  readonly backend: 'redis' | 'postgres' | 'sqlite'
  /** @param table of its own, where there are tables */
  open(uri: string, table: string): object
}

export const officialStores: readonly OfficialStore[] = [
  { name: '@keyv/redis 5', series: 5, backend: 'redis', open: (uri) => new KeyvRedis5(uri) },
  { name: '@keyv/redis 6', series: 6, backend: 'redis', open: (uri) => new KeyvRedis(uri) },
  { name: '@keyv/postgres 2', series: 5, backend: 'postgres', open: (uri, table) => new KeyvPostgres5({ uri, table }) },
  { name: '@keyv/postgres 6', series: 6, backend: 'postgres', open: (uri, table) => new KeyvPostgres({ uri, table }) },
  { name: '@keyv/sqlite 4', series: 5, backend: 'sqlite', open: (uri, table) => new SqliteOfKeyv5(uri, table) },
  { name: '@keyv/sqlite 6', series: 6, backend: 'sqlite', open: (uri, table) => new KeyvSqlite({ uri, table }) },
]

export function newKeyv({ series }: OfficialStore, store: object, namespace: string | undefined): Keyv {
  const options = namespace === undefined ? {} : { namespace }
  // keyv 5 has a namespace unless it is told that there is none.
  return series === 5 ? new Keyv5(store, { namespace: '', ...options }) : new Keyv(store as never, options)
}

/** `@keyv/sqlite` 4 needs an addon that is not compiled here; its table and its statements are these. */
class SqliteOfKeyv5 {
  readonly opts = { dialect: 'sqlite' }
  namespace: string | undefined
  readonly #database: DatabaseSync
  readonly #table: string

  constructor(uri: string, table: string) {
    this.#table = table
    this.#database = new DatabaseSync(uri.replace('sqlite://', ''))
    this.#database.exec(`CREATE TABLE IF NOT EXISTS ${table}(key VARCHAR(255) PRIMARY KEY, value TEXT )`)
  }

  async get(key: string): Promise<unknown> {
    return this.#database.prepare(`SELECT value FROM ${this.#table} WHERE key = ?`).get(key)?.value
  }

  async set(key: string, value: string): Promise<void> {
    const upsert = `INSERT INTO ${this.#table} (key, value) VALUES(?, ?) ON CONFLICT(key) DO UPDATE SET value=excluded.value`
    this.#database.prepare(upsert).run(key, value)
  }

  async delete(key: string): Promise<boolean> {
    return this.#database.prepare(`DELETE FROM ${this.#table} WHERE key = ?`).run(key).changes === 1
  }

  async clear(): Promise<void> {
    this.#database.exec(`DELETE FROM ${this.#table}`)
  }

  async *iterator(namespace?: string): AsyncGenerator<[unknown, unknown]> {
    const select = this.#database.prepare(`SELECT key, value FROM ${this.#table} WHERE key LIKE ?`)
    for (const { key, value } of select.all(`${namespace ? `${namespace}:` : ''}%`)) yield [key, value]
  }

  async disconnect(): Promise<void> {
    this.#database.close()
  }
}
