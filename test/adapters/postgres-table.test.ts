import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { type PostgresReplicaOptions, postgresReplica } from '../../adapters/postgres/postgres-replica.ts'
import type { Replica } from '../../src/replica.ts'
import { putsOf, userKey, valueAt } from '../conformance/samples.ts'
import { scanAll } from '../conformance/scan-all.ts'
import { startPostgres } from '../servers/postgres.ts'
import { query } from './postgres-support/sql.ts'

const server = await startPostgres({ controllable: true })
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(async () => {
  await query(server.url, 'DROP TABLE IF EXISTS keyv_quorum; DROP SCHEMA IF EXISTS "My ""schema" CASCADE')
})

const patient = { timeoutMs: 30_000 }
const patientScan = { pageTimeoutMs: 30_000, pageKeysMax: 100 }
const key = userKey('a')

function open(options: PostgresReplicaOptions = {}, uri = server.url): Replica {
  const replica = postgresReplica(uri, options)
  onTestFinished(() => replica.close())
  return replica
}

async function payloadOf(replica: Replica): Promise<string | null> {
  const [answer] = await replica.getMany([key], patient)
  return answer?.kind === 'value' ? answer.payload : null
}

/** A role of its own for the test; what it owns goes with it. */
async function newRole(name: string, ...grants: readonly string[]): Promise<string> {
  await query(server.url, `CREATE ROLE ${name} LOGIN`)
  onTestFinished(async () => void (await query(server.url, `DROP OWNED BY ${name}; DROP ROLE ${name}`)))
  for (const grant of grants) await query(server.url, `${grant} TO ${name}`)
  return server.url.replace('postgres@', `${name}@`)
}

async function newDatabase(name: string, settings: string): Promise<string> {
  await query(server.url, `CREATE DATABASE ${name} TEMPLATE template0 ${settings}`)
  onTestFinished(async () => void (await query(server.url, `DROP DATABASE ${name} WITH (FORCE)`)))
  return server.url.replace(/postgres$/, name)
}

describe('the table', () => {
  it('is created once when 8 replicas come at the same time, in a schema that is not there either', async () => {
    for (let round = 0; round < 5; round += 1) {
      await query(server.url, 'DROP SCHEMA IF EXISTS "My ""schema" CASCADE')
      const replicas = Array.from({ length: 8 }, () => open({ schema: 'My "schema', table: "it's a %table\\" }))
      const lineages = await Promise.all(
        replicas.map(async (replica, index) => {
          const [outcome] = await replica.putManyIfNewer(putsOf(valueAt(index + 1, userKey(`of ${index}`))), patient)
          expect(outcome).toMatchObject({ status: 'stored', replaced: null })
          return replica.lineage(patient)
        }),
      )
      expect(new Set(lineages).size).toBe(1)
      expect(await scanAll(replicas[0] as Replica, patientScan)).toHaveLength(8)
      await Promise.all(replicas.map((replica) => replica.close()))
    }
  })

  it('stands apart from others in the same database', async () => {
    const [first, second] = [open(), open({ table: 'keyv_quorum_second' })]
    onTestFinished(async () => void (await query(server.url, 'DROP TABLE keyv_quorum_second')))
    await first.putManyIfNewer(putsOf(valueAt(1, key, 'first')), patient)
    await second.putManyIfNewer(putsOf(valueAt(1, key, 'second')), patient)
    expect([await payloadOf(first), await payloadOf(second)]).toEqual(['first', 'second'])
    expect(await first.lineage(patient)).not.toBe(await second.lineage(patient))
    expect(first.id).not.toBe(second.id)
  })

  it('that was dropped is there again at the next call of whatever kind, empty and of another lineage', async () => {
    const lineages = new Set<string>()
    const calls: readonly ((replica: Replica) => Promise<unknown>)[] = [
      (replica) => replica.getMany([key], patient),
      (replica) => replica.getVersions([key], patient),
      (replica) => replica.purgeMany([valueAt(1, key)], patient),
      (replica) => scanAll(replica, patientScan),
      (replica) => replica.putManyIfNewer(putsOf(valueAt(2, key)), patient),
      (replica) => replica.lineage(patient),
    ]
    for (const call of calls) {
      const [replica, other] = [open(), open()]
      await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
      lineages.add(await other.lineage(patient))
      await query(server.url, 'DROP TABLE keyv_quorum')
      const answer = await call(replica)
      if (Array.isArray(answer) && answer.length > 0) expect([null, false]).toContainEqual(statusOf(answer[0]))
    }
    expect(lineages.size).toBe(calls.length)
  })

  it('that was emptied has another lineage, the same for all', async () => {
    const [one, other] = [open(), open()]
    for (const empty of ['TRUNCATE keyv_quorum', 'DELETE FROM keyv_quorum']) {
      const before = await one.lineage(patient)
      expect(await other.lineage(patient)).toBe(before)
      await query(server.url, empty)
      const after = await Promise.all([one.lineage(patient), other.lineage(patient)])
      expect(after[0]).toBe(after[1])
      expect(after[0]).not.toBe(before)
    }
  })

  it('keeps its lineage through VACUUM FULL and another index', async () => {
    const replica = open()
    const before = await replica.lineage(patient)
    await query(server.url, 'VACUUM FULL keyv_quorum')
    await query(server.url, 'CREATE INDEX ON keyv_quorum (version)')
    expect(await replica.lineage(patient)).toBe(before)
  })

  it('may be altered under prepared statements', async () => {
    const replica = open({ connectionsMax: 1 })
    await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
    expect(await payloadOf(replica)).toBe('payload 1')
    await query(server.url, 'ALTER TABLE keyv_quorum ALTER payload TYPE varchar COLLATE "C", ADD note text')
    for (let round = 0; round < 3; round += 1) {
      expect(await payloadOf(replica)).toBe('payload 1')
      expect(await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)).toMatchObject([{ status: 'held' }])
    }
  })

  it('is used by a role that may not create tables, and missed with a clear word', async () => {
    await open().putManyIfNewer(putsOf(valueAt(1, key)), patient)
    const uri = await newRole('reader', 'GRANT SELECT, INSERT, UPDATE, DELETE ON keyv_quorum')
    const replica = open({}, uri)
    expect(await payloadOf(replica)).toBe('payload 1')
    expect(await replica.putManyIfNewer(putsOf(valueAt(2, key)), patient)).toMatchObject([{ status: 'stored' }])
    expect(await replica.lineage(patient)).toBe(await open().lineage(patient))
    await query(server.url, 'DROP TABLE keyv_quorum')
    await expect(replica.getMany([key], patient)).rejects.toMatchObject({
      code: 'REJECTED',
      message: expect.stringContaining('permission denied for schema public'),
    })
  })

  it('of somebody else by the same name is left alone', async () => {
    await query(server.url, 'CREATE TABLE keyv_quorum (id int)')
    await expect(open().putManyIfNewer(putsOf(valueAt(1, key)), patient)).rejects.toMatchObject({ code: 'REJECTED' })
    expect(await query(server.url, 'SELECT * FROM keyv_quorum')).toEqual([])
  })

  it('is refused a database that cannot hold every text', async () => {
    const uri = await newDatabase('narrow', "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'")
    await expect(open({}, uri).putManyIfNewer(putsOf(valueAt(1, key)), patient)).rejects.toMatchObject({
      code: 'REJECTED',
      message: expect.stringContaining('LATIN1'),
    })
  })

  it('orders by bytes in a database of another collation', async () => {
    const uri = await newDatabase('swedish', "ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'sv-SE' LOCALE 'C'")
    const replica = open({}, uri)
    const payloads = ['B', 'a', 'z', 'å', 'é', '\uffff', '\u{10000}']
    for (const payload of payloads) {
      expect(await replica.putManyIfNewer(putsOf(valueAt(1, key, payload)), patient)).toMatchObject([
        { status: 'stored' },
      ])
    }
    const keys = ['B', 'a', 'å', 'z'].map(userKey)
    await replica.putManyIfNewer(putsOf(...keys.map((name) => valueAt(1, name))), patient)
    expect(await scanAll(replica, { ...patientScan, pageKeysMax: 1 })).toHaveLength(4)
  })
})

describe('a standby', () => {
  it('is not asked, and has another lineage once it has taken over', async () => {
    const replica = open()
    await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
    const before = await replica.lineage(patient)
    const [folder] = await query(server.url, "SELECT current_setting('data_directory') AS path")
    await query(server.url, `COPY (SELECT 1) TO '${folder?.path}/standby.signal'`)
    await server.stop()
    await server.start()
    await expect(open().getMany([key], patient)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('standby'),
    })
    await expect(replica.lineage(patient)).rejects.toMatchObject({ code: 'UNAVAILABLE' })

    await query(server.url, 'SELECT pg_promote()')
    await expect(replica.getMany([key], patient)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(await replica.lineage(patient)).not.toBe(before)
    expect(await payloadOf(replica)).toBe('payload 1')
  })
})

describe('commits that do not wait for the disk', () => {
  it('make every restart another lineage', async () => {
    await query(server.url, 'ALTER SYSTEM SET synchronous_commit = off')
    onTestFinished(async () => {
      await query(server.url, 'ALTER SYSTEM RESET synchronous_commit')
      await query(server.url, 'SELECT pg_reload_conf()')
    })
    await query(server.url, 'SELECT pg_reload_conf()')
    const before = await open().lineage(patient)
    expect(await open().lineage(patient)).toBe(before)
    await server.kill()
    await server.start()
    expect(await open().lineage(patient)).not.toBe(before)
  })
})

function statusOf(answer: unknown): unknown {
  if (typeof answer !== 'object' || answer === null) return answer
  return 'replaced' in answer ? answer.replaced : answer
}
