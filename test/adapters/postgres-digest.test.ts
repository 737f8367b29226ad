import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { ConnectionProfiles } from '../../adapters/postgres/connection-profiles.ts'
import { postgresReplica } from '../../adapters/postgres/postgres-replica.ts'
import { postgresStatements, type StatementName } from '../../adapters/postgres/postgres-statements.ts'
import { postgresTable } from '../../adapters/postgres/postgres-table.ts'
import { addDigest, addToDigest, bucketOf, bucketsCount, type Digest, emptyDigest } from '../../src/core/digest.ts'
import { type HashRange, hashSpace, inRange, keyHash, wholeRange } from '../../src/core/hash.ts'
import { newTombstone, newValue, type ScanEntry, type VersionedRecord } from '../../src/core/record.ts'
import { isRetired, type Retirement } from '../../src/core/retirement.ts'
import { timeMaxMs } from '../../src/core/version.ts'
import type { Replica } from '../../src/replica.ts'
import { numberedKeys, putsOf, userKey, versionAt } from '../conformance/samples.ts'
import { scanAll } from '../conformance/scan-all.ts'
import { startPostgres } from '../servers/postgres.ts'
import { query } from './postgres-support/sql.ts'

const server = await startPostgres()
afterAll(() => server[Symbol.asyncDispose]())

const patient = { timeoutMs: 30_000 }
const patientScan = { pageTimeoutMs: 30_000, pageKeysMax: 1000 }
const timesMax = 20

function open(): Replica {
  const replica = postgresReplica(server.url)
  onTestFinished(() => replica.close())
  return replica
}

/** Every kind of record, dying and to be retained at all sorts of times. */
function samples(): VersionedRecord[] {
  const keys = [
    ...numberedKeys(400),
    ...numberedKeys(40, 'k'.repeat(600)),
    ...numberedKeys(40).map((name) => `\u0001${name}`),
  ]
  return keys.map((name, index) => {
    const version = versionAt(1 + ((index * 7) % timesMax), index + 1)
    const expiresAtMs = index % 3 === 0 ? null : (index * 11) % timesMax
    const record = index % 4 === 0 ? newTombstone(name, version, 0) : newValue(name, version, `${index}`, expiresAtMs)
    return { ...record, retainUntilMs: index % 5 === 0 ? timeMaxMs : (index * 13) % timesMax }
  })
}

const damages = [
  "version = 'no version'",
  "version = 'A' || substr(version, 2)",
  "version = version || '0'",
  "checksum = 'x'",
  "checksum = '0000000001'",
  "checksum = '6000000000'",
  "checksum = ' ' || checksum",
  'kind = 7',
  'retain_until_ms = -1',
  'expires_at_ms = 281474976710656',
]

/** One record for each damage. */
async function damage(): Promise<void> {
  for (const [index, assignment] of damages.entries()) {
    await query(server.url, `UPDATE keyv_quorum SET ${assignment} WHERE key = $1`, [userKey(`key ${index}`)])
  }
}

const time = fc.integer({ min: -1, max: timesMax })
const times = fc.record({ retainedUntilMs: time, diedUntilMs: fc.oneof(time, fc.constant(timeMaxMs)) })
const ranges = fc
  .tuple(fc.integer({ min: 0, max: hashSpace }), fc.integer({ min: 0, max: hashSpace }))
  .map(([one, other]): HashRange => ({ from: Math.min(one, other), to: Math.max(one, other) }))
const someRange = fc.oneof(fc.constant(wholeRange), ranges)

async function digestOf(
  replica: Replica,
  range: HashRange,
  retirement: Retirement,
): Promise<{ readonly records: number; readonly sums: Digest }> {
  const sums = emptyDigest()
  let records = 0
  for await (const step of replica.digest?.(range, { stepTimeoutMs: 30_000, retirement }) ?? []) {
    records += step.records
    if (step.sums !== null) addDigest(sums, step.sums)
  }
  return { records, sums }
}

function sumsOf(entries: readonly ScanEntry[], retirement: Retirement): Digest {
  const sums = emptyDigest()
  for (const entry of entries) {
    if (entry.isUnreadable !== true && !isRetired(entry, retirement))
      addToDigest(sums, keyHash(entry.key), entry.checksum)
  }
  return sums
}

const tables: readonly [name: string, prepare: () => Promise<void>, unreadable: number][] = [
  ['readable records', () => Promise.resolve(), 0],
  ['records of which some cannot be read', damage, damages.length],
]

describe.each(tables)('of %s', (_name, prepare, unreadable) => {
  let all: readonly ScanEntry[] = []

  beforeAll(async () => {
    await query(server.url, 'DROP TABLE IF EXISTS keyv_quorum')
    const writer = postgresReplica(server.url)
    await writer.lineage(patient)
    await writer.putManyIfNewer(putsOf(...samples()), patient)
    await prepare()
    all = await scanAll(writer, patientScan)
    await writer.close()
  })

  it('a scan gives all', () => {
    expect(all.map((entry) => entry.key)).toEqual(
      samples()
        .map((record) => record.key)
        .toSorted(),
    )
    expect(all.filter((entry) => entry.isUnreadable)).toHaveLength(unreadable)
  })

  it('the digest is the sum over a scan, for any range and times', async () => {
    const replica = open()
    await replica.lineage(patient)
    await fc.assert(
      fc.asyncProperty(someRange, times, async (range, retirement) => {
        const held = all.filter((entry) => inRange(keyHash(entry.key), range))
        const { records, sums } = await digestOf(replica, range, retirement)
        expect(records).toBe(held.length)
        expect(sums).toEqual(sumsOf(held, retirement))
      }),
      { numRuns: 40 },
    )
  })

  it('a scan gives those that are retired, and only those', async () => {
    const replica = open()
    await fc.assert(
      fc.asyncProperty(someRange, times, async (range, retired) => {
        const wanted = all.filter((entry) => inRange(keyHash(entry.key), range) && isRetired(entry, retired))
        expect(await scanAll(replica, { ...patientScan, retired }, range)).toEqual(wanted)
      }),
      { numRuns: 40 },
    )
  })

  it('a scan gives those in some buckets, in pages of any size, each once', async () => {
    const replica = open()
    const buckets = fc
      .uniqueArray(
        fc.oneof(fc.integer({ min: 0, max: bucketsCount - 1 }), fc.constantFrom(...all.map(bucketOfEntry))),
        {
          maxLength: 300,
        },
      )
      .map((chosen) => chosen.toSorted((a, b) => a - b))
    await fc.assert(
      fc.asyncProperty(someRange, buckets, fc.integer({ min: 1, max: 200 }), async (range, chosen, pageKeysMax) => {
        const wanted = all.filter(
          (entry) => inRange(keyHash(entry.key), range) && chosen.includes(bucketOfEntry(entry)),
        )
        const found: ScanEntry[] = []
        for await (const page of replica.scan(range, { ...patientScan, pageKeysMax, buckets: chosen })) {
          expect(page.length).toBeLessThanOrEqual(pageKeysMax)
          found.push(...page)
        }
        expect(found.toSorted((a, b) => (a.key < b.key ? -1 : 1))).toEqual(wanted)
      }),
      { numRuns: 40 },
    )
  })

  it('a scan of more buckets than fit one statement gives all of them', async () => {
    const odd = Array.from({ length: Math.floor(bucketsCount / 2) }, (_, index) => index * 2 + 1)
    const wanted = all.filter((entry) => bucketOfEntry(entry) % 2 === 1)
    expect(await scanAll(open(), { ...patientScan, buckets: odd })).toEqual(wanted)
    expect(await scanAll(open(), { ...patientScan, buckets: [] })).toEqual([])
  })
})

function bucketOfEntry({ key }: ScanEntry): number {
  return bucketOf(keyHash(key))
}

describe('the plans', () => {
  it.each<[StatementName, string, readonly string[]]>([
    ['digest', 'a digest', ['0', '4294967296', '5', '5', "'g'"]],
    ['digestOfUnreadable', 'a digest that looks closely', ['0', '4294967296', '5', '5', "'g'"]],
    ['scan', 'a scan', ["'{0}'", `'{""}'`, "'{4294967296}'", '100', "''", 'NULL', 'NULL', 'NULL']],
    [
      'scan',
      'a scan of buckets for what is retired',
      ["'{0,9}'", `'{"",""}'`, "'{5,99}'", '100', "'a'", '5', '5', "'g'"],
    ],
  ])('read the index alone: %s, for %s', async (name, _what, values) => {
    for (const statistics of ['SELECT 1', 'VACUUM ANALYZE keyv_quorum']) {
      await query(server.url, 'DROP TABLE IF EXISTS keyv_quorum')
      await open().putManyIfNewer(putsOf(...samples()), patient)
      await query(server.url, statistics)
      const plan = await planOf(name, values)
      expect(plan.match(/Scan.* on keyv_quorum .*/g)).toEqual([
        expect.stringMatching(/^Scan using keyv_quorum_pkey on keyv_quorum (held|record) /),
        expect.stringMatching(/^Scan using keyv_quorum_pkey on keyv_quorum {2}/),
      ])
      expect(plan).toMatch(/Index Only Scan using keyv_quorum_pkey on keyv_quorum (held|record)/)
      expect(plan).not.toMatch(/Seq Scan|Bitmap/)
    }
  })
})

/** As a connection of the replica plans it. */
async function planOf(name: StatementName, values: readonly string[]): Promise<string> {
  const { text } = postgresStatements(postgresTable('public', 'keyv_quorum'), { scope: 'server', isLogged: true })[name]
  const client = new pg.Client(new ConnectionProfiles({ connectionString: server.url }).current())
  await client.connect()
  try {
    await client.query(`PREPARE tried AS ${text}`)
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN EXECUTE tried (${values.join(', ')})`)
    return rows.map((row) => row['QUERY PLAN']).join('\n')
  } finally {
    await client.end()
  }
}
