import KeyvPostgres from '@keyv/postgres'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type PostgresReplicaOptions, postgresReplica } from '../../adapters/postgres/postgres-replica.ts'
import type { PostgresSource } from '../../adapters/postgres/postgres-source.ts'
import type { Replica } from '../../src/replica.ts'
import { numberedKeys, putsOf, userKey, valueAt } from '../conformance/samples.ts'
import { scanAll } from '../conformance/scan-all.ts'
import OlderKeyvPostgres from '../keyv5/node_modules/@keyv/postgres/dist/index.js'
import { startPostgres } from '../servers/postgres.ts'
import { startPooler } from './postgres-support/pooler.ts'
import { query } from './postgres-support/sql.ts'

const secret = 'p@ss/w?rd#%'
const server = await startPostgres({ controllable: true })
const locked = new URL(server.url)
locked.username = 'locked'
locked.password = encodeURIComponent(secret)
const uri = locked.href

const patient = { timeoutMs: 30_000 }
const key = userKey('a')

/** From now on the role `locked` gets in by its password only. */
beforeAll(async () => {
  const [settings] = await query(server.url, "SELECT current_setting('hba_file') AS path")
  await query(server.url, `CREATE ROLE locked SUPERUSER LOGIN PASSWORD '${secret}'`)
  const rules = `VALUES ('host all locked all scram-sha-256'), ('host all all all trust')`
  await query(server.url, `COPY (${rules}) TO '${settings?.path}'`)
  await query(server.url, 'SELECT pg_reload_conf()')
})
afterAll(() => server[Symbol.asyncDispose]())

function open(source: PostgresSource, options: PostgresReplicaOptions = {}): Replica {
  const replica = postgresReplica(source, options)
  onTestFinished(() => replica.close())
  return replica
}

const { hostname, port } = locked
const settings = { host: hostname, port: Number(port), user: 'locked', password: secret, database: 'postgres' }

/** Each fits the type of a source as it is. */
const sources: readonly (readonly [name: string, make: () => PostgresSource])[] = [
  ['of a URI', () => uri],
  ['of an adapter of series 6', () => ending(new KeyvPostgres({ uri }))],
  ['of an older adapter', () => ending(new OlderKeyvPostgres({ uri }))],
  ['of a pool from a URI', () => new pg.Pool({ connectionString: uri })],
  ['of a pool', () => new pg.Pool(settings)],
  ['of a pool whose password is a function', () => new pg.Pool({ ...settings, password: async () => secret })],
  ['of a client from a URI', () => new pg.Client(uri)],
  ['of a client', () => new pg.Client(settings)],
]

function ending<Adapter extends { disconnect(): Promise<void> }>(adapter: Adapter): Adapter {
  onTestFinished(() => adapter.disconnect())
  return adapter
}

describe('a replica gets in with the credentials', () => {
  it.each(sources)('%s', async (_name, make) => {
    const replica = open(make())
    expect(await replica.getMany([key], patient)).toEqual([null])
    expect(replica.id).toBe(`postgres://${hostname}:${port}/postgres`)
  })

  it('of a checked-out client of a pool', async () => {
    const pool = new pg.Pool(settings)
    onTestFinished(() => pool.end())
    const client = await pool.connect()
    expect(await open(client).getMany([key], patient)).toEqual([null])
    client.release()
  })

  it('and is REJECTED with wrong ones, without a word about them', async () => {
    const wrong = new URL(uri)
    wrong.password = 'wr0ng-secret'
    const error = await open(wrong.href)
      .getMany([key], patient)
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'REJECTED', message: expect.stringContaining('password') })
    expect(`${error} ${JSON.stringify(error)} ${(error as Error).cause}`).not.toContain('wr0ng-secret')
  })

  it('and keeps its table beside that of the Keyv adapter, in the same schema', async () => {
    const adapter = ending(new KeyvPostgres({ uri, schema: 'cache' }))
    await adapter.set('a', 'of Keyv')
    const replica = open(adapter)
    await replica.putManyIfNewer(putsOf(valueAt(1, key, 'of the quorum')), patient)
    expect(await adapter.get('a')).toBe('of Keyv')
    const tables = await query(server.url, "SELECT tablename FROM pg_tables WHERE schemaname = 'cache' ORDER BY 1")
    expect(tables.map(({ tablename }) => tablename)).toEqual(['keyv', 'keyv_quorum', 'keyv_quorum_changes'])
    expect(replica.id).toContain('?schema=cache')
  })
})

describe('behind a pooler in transaction mode', () => {
  it('a replica does without session settings and prepared statements', async () => {
    await using pooler = await startPooler(server.port)
    const replica = open(`postgres://postgres@127.0.0.1:${pooler.port}/postgres`, { table: 'pooled' })
    const keys = numberedKeys(50)
    for (let round = 1; round <= 5; round += 1) {
      const puts = keys.map((name) => replica.putManyIfNewer(putsOf(valueAt(round, name)), patient))
      for (const outcome of (await Promise.all(puts)).flat()) expect(outcome.status).toBe('stored')
      const answers = await replica.getMany(keys, patient)
      expect(answers).toEqual(keys.map((name) => valueAt(round, name)))
    }
    expect(await scanAll(replica, { pageTimeoutMs: 30_000, pageKeysMax: 10 })).toHaveLength(50)
    expect(await replica.lineage(patient)).toBe(await replica.lineage(patient))
    expect(pooler.parametersSeen).toContain('application_name')
    expect(pooler.parametersSeen).not.toContain('options')
  })
})
