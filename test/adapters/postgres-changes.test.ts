import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { positionText } from '../../adapters/postgres/changes-position.ts'
import { type PostgresReplicaOptions, postgresReplica } from '../../adapters/postgres/postgres-replica.ts'
import { keyHash } from '../../src/core/hash.ts'
import { newValue } from '../../src/core/record.ts'
import type { Replica } from '../../src/replica.ts'
import { numberedKeys, putsOf, tombstoneAt, userKey, valueAt, versionAt } from '../conformance/samples.ts'
import { startPostgres } from '../servers/postgres.ts'
import { waitUntil } from '../servers/wait-until.ts'
import { query } from './postgres-support/sql.ts'
import { holdTransaction } from './postgres-support/transaction.ts'

const server = await startPostgres()
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(async () => {
  await query(server.url, 'DROP TABLE IF EXISTS keyv_quorum, keyv_quorum_changes')
})

const patient = { timeoutMs: 30_000 }
const patientStep = { stepTimeoutMs: 30_000 }
const key = userKey('a')

function open(options: PostgresReplicaOptions = {}, uri = server.url): Replica {
  const replica = postgresReplica(uri, options)
  onTestFinished(() => replica.close())
  return replica
}

interface Read {
  readonly keys: readonly string[]
  readonly position: string
  readonly isGap: boolean
}

async function readAfter(replica: Replica, after: string | null): Promise<Read> {
  const keys: string[] = []
  let position = ''
  let isGap = false
  for await (const step of replica.changes?.(after, patientStep) ?? expect.unreachable()) {
    expect(step.position).toMatch(/^[ -~]{1,200}$/)
    keys.push(...step.keys)
    position = step.position
    isGap ||= step.isGap === true
  }
  return { keys: [...new Set(keys)].toSorted(), position, isGap }
}

async function positionOf(replica: Replica): Promise<string> {
  const { keys, position, isGap } = await readAfter(replica, null)
  expect({ keys, isGap }).toEqual({ keys: [], isGap: false })
  return position
}

async function logRows(): Promise<number> {
  const [row] = await query(server.url, 'SELECT count(*) FROM keyv_quorum_changes WHERE xid >= 0')
  return Number(row?.count)
}

async function newRole(name: string, ...grants: readonly string[]): Promise<string> {
  await query(server.url, `CREATE ROLE ${name} LOGIN`)
  onTestFinished(async () => void (await query(server.url, `DROP OWNED BY ${name}; DROP ROLE ${name}`)))
  for (const grant of grants) await query(server.url, `${grant} TO ${name}`)
  return server.url.replace('postgres@', `${name}@`)
}

describe('changes', () => {
  it('are the keys that were stored since, whatever they look like, and no others', async () => {
    const replica = open()
    await replica.putManyIfNewer(putsOf(valueAt(1, userKey('before')), valueAt(5, userKey('newer'))), patient)
    const start = await positionOf(replica)
    const odd = [key, userKey('k'.repeat(100_000)), '\u0001own', '\u0001', userKey(`"\\{},'NULL`), userKey('\u{10000}')]
    await replica.putManyIfNewer(putsOf(...odd.map((name) => valueAt(1, name))), patient)
    await replica.putManyIfNewer(putsOf(valueAt(1, userKey('before')), valueAt(4, userKey('newer'))), patient)
    await replica.putManyIfNewer([{ record: tombstoneAt(2, userKey('mended')), mendsCorrupt: true }], patient)
    const first = await readAfter(replica, start)
    expect(first).toMatchObject({ keys: [...odd, userKey('mended')].toSorted(), isGap: false })
    expect((await readAfter(replica, first.position)).keys).toEqual([])
    expect((await readAfter(open(), start)).keys).toEqual(first.keys)
  })

  it('of many batches come in steps', async () => {
    const replica = open()
    const start = await positionOf(replica)
    const keys = numberedKeys(25_000)
    for (let from = 0; from < keys.length; from += 1000) {
      const records = keys.slice(from, from + 1000).map((name) => valueAt(1, name))
      await replica.putManyIfNewer(putsOf(...records), patient)
    }
    const steps: number[] = []
    for await (const step of replica.changes?.(start, patientStep) ?? []) steps.push(step.keys.length)
    expect(steps).toEqual([10_000, 10_000, 5000, 0])
    expect((await readAfter(replica, start)).keys).toEqual(keys.toSorted())
  })

  it('of a put that began before a position and ended after it come after that position', async () => {
    const replica = open()
    const [first, last] = numberedKeys(2).toSorted((a, b) => keyHash(a) - keyHash(b)) as [string, string]
    await replica.putManyIfNewer(putsOf(valueAt(1, last)), patient)
    await using lock = await holdTransaction(server.url, `SELECT FROM keyv_quorum WHERE key = '${last}' FOR UPDATE`)
    const put = replica.putManyIfNewer(putsOf(valueAt(2, first), valueAt(2, last)), patient)
    const isWaiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    await waitUntil(async () => (await query(server.url, isWaiting)).length === 1, { what: 'a waiting put' })
    await replica.putManyIfNewer(putsOf(valueAt(2, key)), patient)
    const position = await positionOf(replica)
    await lock.release()
    await put
    expect(await readAfter(replica, position)).toMatchObject({ keys: [first, last].toSorted(), isGap: false })
  })

  it('are never missed, however many writers there are, nor do they come again when all is over', async () => {
    const replica = open()
    let position = await positionOf(replica)
    const start = position
    const keys = new Set<string>()
    let writersLeft = 6
    const writers = Array.from({ length: writersLeft }, async (_, writer) => {
      const own = open({ connectionsMax: 1 })
      for (let round = 0; round < 60; round += 1) {
        // Meeting others on the way makes transactions end in another order than they began.
        const shared = Array.from({ length: 4 }, (_, index) => userKey(`shared ${(round + index * 7) % 23}`))
        const names = [...new Set([`${userKey(`own ${writer} ${round}`)}`, ...shared])]
        const puts = names.map((name) => newValue(name, versionAt(round + 1, writer + 1), '', null))
        await own.putManyIfNewer(putsOf(...puts), patient)
      }
      writersLeft -= 1
    })
    const seen = new Set<string>()
    const read = async () => {
      const step = await readAfter(replica, position)
      expect(step.isGap).toBe(false)
      for (const name of step.keys) seen.add(name)
      position = step.position
    }
    while (writersLeft > 0) await read()
    await Promise.all(writers)
    await read()
    for (let writer = 0; writer < 6; writer += 1) {
      for (let round = 0; round < 60; round += 1) keys.add(userKey(`own ${writer} ${round}`))
    }
    expect([...keys].filter((name) => !seen.has(name))).toEqual([])
    expect((await readAfter(replica, start)).keys).toEqual([...seen].toSorted())
    expect((await readAfter(replica, position)).keys).toEqual([])
  })

  it('after a position too long to write down come again rather than not at all', () => {
    const underWay = Array.from({ length: 100 }, (_, index) => 1000 + index)
    const text = positionText({ log: '0123456789abcdef', snapshot: `1000:2000:${underWay.join(',')}` })
    expect(text).toBe('0123456789abcdef.1000:1000:')
  })
})

describe('a log', () => {
  it.each([
    ['emptied', 'TRUNCATE keyv_quorum_changes'],
    ['emptied row by row', 'DELETE FROM keyv_quorum_changes'],
    ['dropped', 'DROP TABLE keyv_quorum_changes'],
    ['of a table that was emptied', 'TRUNCATE keyv_quorum'],
    ['of a table that was dropped', 'DROP TABLE keyv_quorum'],
  ])('that was lost tells so once: %s', async (_what, loss) => {
    const writer = open()
    await writer.putManyIfNewer(putsOf(valueAt(1, userKey('before'))), patient)
    const before = await positionOf(writer)
    await query(server.url, loss)
    const reader = open()
    await reader.putManyIfNewer(putsOf(valueAt(2, key)), patient)
    const gap = await readAfter(reader, before)
    expect(gap).toMatchObject({ keys: [], isGap: true })
    await reader.putManyIfNewer(putsOf(valueAt(3, key)), patient)
    expect(await readAfter(reader, gap.position)).toMatchObject({ keys: [key], isGap: false })
  })

  it.each(['', 'none', 'x', '0123456789abcdef.1:1:', `${'0'.repeat(16)}.x`])(
    'has a gap after a position that is not its own: %j',
    async (position) => {
      expect(await readAfter(open(), position)).toMatchObject({ keys: [], isGap: true })
    },
  )

  it('keeps to its size, and has a gap where it no longer reaches back', async () => {
    const replica = open({ changesMax: 10 })
    const start = await positionOf(replica)
    const rounds = numberedKeys(30)
    for (const name of rounds) await replica.putManyIfNewer(putsOf(valueAt(1, name)), patient)
    await waitUntil(
      async () => {
        await replica.putManyIfNewer(putsOf(valueAt(1, userKey('another'))), patient)
        return (await logRows()) <= 10
      },
      { what: 'a log of ten batches' },
    )
    const gap = await readAfter(replica, start)
    expect(gap).toMatchObject({ keys: [], isGap: true })
    await replica.putManyIfNewer(putsOf(valueAt(2, key)), patient)
    expect(await readAfter(replica, gap.position)).toMatchObject({ keys: [key], isGap: false })
  })

  it('that was brought in from a server with more transactions behind it begins anew', async () => {
    const replica = open()
    const before = await positionOf(replica)
    const far = 10 ** 12
    await query(server.url, `INSERT INTO keyv_quorum_changes (xid, hashes) VALUES (${far}, '{1}')`)
    await query(server.url, `UPDATE keyv_quorum_changes SET floor_xid = ${far - 5} WHERE xid = -1`)
    const gap = await readAfter(replica, before)
    expect(gap).toMatchObject({ keys: [], isGap: true })
    await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
    expect(await readAfter(replica, gap.position)).toMatchObject({ keys: [key], isGap: false })
  })

  it('is added to a table that was made without one', async () => {
    await open().putManyIfNewer(putsOf(valueAt(1, key)), patient)
    await query(server.url, 'DROP TABLE keyv_quorum_changes')
    const replica = open()
    expect(await replica.putManyIfNewer(putsOf(valueAt(2, key)), patient)).toMatchObject([{ status: 'stored' }])
    expect(await logRows()).toBe(1)
  })

  it('of a table with the longest of names is another table than any', async () => {
    const [one, other] = ['a', 'b'].map((end) => open({ table: `${'t'.repeat(62)}${end}` })) as [Replica, Replica]
    const [first, second] = [await positionOf(one), await positionOf(other)]
    await one.putManyIfNewer(putsOf(valueAt(1, key)), patient)
    expect((await readAfter(one, first)).keys).toEqual([key])
    expect((await readAfter(other, second)).keys).toEqual([])
  })
})

describe('puts outside the log', () => {
  const rights = 'GRANT SELECT, INSERT, UPDATE, DELETE ON'

  it.each([
    ['a role that may not write to the log', async () => open({}, await newRole('unlogged', `${rights} keyv_quorum`))],
    [
      'a role that may not create the log',
      async () => {
        await query(server.url, 'DROP TABLE keyv_quorum_changes')
        const other = open({}, await newRole('unlogged', `${rights} keyv_quorum`))
        await other.putManyIfNewer(putsOf(valueAt(1, userKey('while there is none'))), patient)
        expect(await query(server.url, "SELECT to_regclass('keyv_quorum_changes') AS log")).toEqual([{ log: null }])
        return other
      },
    ],
    ['a replica without a log', async () => open({ changesMax: 0 })],
  ])('of %s are stored, and others are told of a gap while there may be any', async (_what, openOther) => {
    const replica = open()
    await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
    const other = await openOther()
    const start = await positionOf(replica)
    expect(await other.putManyIfNewer(putsOf(valueAt(2, key)), patient)).toMatchObject([{ status: 'stored' }])
    const gap = await readAfter(replica, start)
    expect(gap).toMatchObject({ keys: [], isGap: true })
    await other.putManyIfNewer(putsOf(valueAt(3, key)), patient)
    expect(await readAfter(replica, gap.position)).toMatchObject({ isGap: true })
    await query(server.url, "UPDATE keyv_quorum SET retain_until_ms = txid_current() WHERE key = 'unlogged'")
    const after = await positionOf(replica)
    await replica.putManyIfNewer(putsOf(valueAt(4, key)), patient)
    expect(await readAfter(replica, after)).toMatchObject({ keys: [key], isGap: false })
    await other.putManyIfNewer(putsOf(valueAt(5, key)), patient)
    expect(await readAfter(replica, after)).toMatchObject({ isGap: true })
  })

  it('are those of a role that may write to the log but not trim it, as soon as it has tried to', async () => {
    const replica = open()
    const start = await positionOf(replica)
    const grants = [`${rights} keyv_quorum`, 'GRANT SELECT, INSERT ON keyv_quorum_changes']
    const other = open({ changesMax: 1 }, await newRole('unlogged', ...grants))
    let step = 0
    const isGap = async () => {
      step += 1
      await other.putManyIfNewer(putsOf(valueAt(step, key)), patient)
      return (await readAfter(replica, start)).isGap
    }
    await waitUntil(isGap, { what: 'a gap' })
  })

  it('are all that a role without rights to the log knows of', async () => {
    await open().putManyIfNewer(putsOf(valueAt(1, key)), patient)
    const reader = open({}, await newRole('unlogged', `${rights} keyv_quorum`))
    await reader.lineage(patient)
    expect(await readAfter(reader, null)).toMatchObject({ keys: [], isGap: true })
    expect(await readAfter(reader, 'none')).toMatchObject({ keys: [], isGap: true })
    expect(open({ changesMax: 0 }).changes).toBeUndefined()
  })
})
