import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isReadable } from '../../adapters/sqlite/sqlite-conditions.ts'
import { sqliteReplica } from '../../adapters/sqlite/sqlite-replica.ts'
import { addDigest, addToDigest, type Digest, emptyDigest } from '../../src/core/digest.ts'
import { type HashRange, keyHash, wholeRange } from '../../src/core/hash.ts'
import { isRetired, type Retirement } from '../../src/core/retirement.ts'
import type { DigestStep, Replica } from '../../src/replica.ts'
import { headOf, numberedKeys, putsOf, tombstoneAt, userKey, valueAt } from '../conformance/samples.ts'
import { scanAll } from '../conformance/scan-all.ts'
import { collected } from './sqlite-support/collected.ts'
import { anyRange, anyRetirement, recordsOfAllKinds } from './sqlite-support/random-records.ts'
import { behindItsBack, useScratch } from './sqlite-support/scratch.ts'

const scratch = useScratch()
const patient = { timeoutMs: 30_000 }
const patientScan = { pageTimeoutMs: 30_000, pageKeysMax: 1000 }
const nothingRetires: Retirement = { retainedUntilMs: -1, diedUntilMs: -1 }
const key = userKey('a')

async function digestOf(replica: Replica, retirement = nothingRetires, range: HashRange = wholeRange): Promise<Digest> {
  const digest = emptyDigest()
  for (const { sums } of await stepsOf(replica, retirement, range)) if (sums !== null) addDigest(digest, sums)
  return digest
}

async function stepsOf(replica: Replica, retirement = nothingRetires, range = wholeRange): Promise<DigestStep[]> {
  if (replica.digest === undefined) throw new Error('the replica has no digest')
  return await collected(replica.digest(range, { stepTimeoutMs: 30_000, retirement }))
}

/** What a digest has to be: the sum over a scan. */
async function sumOfScan(
  replica: Replica,
  retirement = nothingRetires,
  range: HashRange = wholeRange,
): Promise<Digest> {
  const digest = emptyDigest()
  for (const entry of await scanAll(replica, patientScan, range)) {
    if (entry.isUnreadable || isRetired(entry, retirement)) continue
    addToDigest(digest, keyHash(entry.key), entry.checksum)
  }
  return digest
}

async function putAll(replica: Replica, records: readonly ReturnType<typeof valueAt>[]): Promise<void> {
  for (let start = 0; start < records.length; start += 1000) {
    await replica.putManyIfNewer(putsOf(...records.slice(start, start + 1000)), patient)
  }
}

describe.each([
  ['in place', (): string => ':memory:', 150],
  ['in a thread', (): string => scratch.newPath(), 8],
] as const)('a digest that is computed %s', (_where, newPath, numRuns) => {
  it('is the sum over a scan, whatever is held and retired, in any range', async () => {
    await fc.assert(
      fc.asyncProperty(recordsOfAllKinds, anyRetirement, anyRange, async (records, retirement, range) => {
        const replica = sqliteReplica({ path: newPath() })
        await putAll(replica, records)
        expect(await digestOf(replica, retirement)).toEqual(await sumOfScan(replica, retirement))
        expect(await digestOf(replica, retirement, range)).toEqual(await sumOfScan(replica, retirement, range))
        await replica.close()
      }),
      { numRuns },
    )
  })

  it('comes in steps of bounded work, which add up', async () => {
    const replica = scratch.open(newPath())
    await putAll(
      replica,
      numberedKeys(9000).map((name, index) => valueAt(index + 1, name)),
    )
    const steps = await stepsOf(replica)
    expect(Math.max(...steps.map(({ records }) => records))).toBeLessThan(5000)
    expect(steps.reduce((sum, { records }) => sum + records, 0)).toBe(9000)
    expect(await digestOf(replica)).toEqual(await sumOfScan(replica))
  })

  it('lets puts and reads of others in between its steps', async () => {
    const replica = scratch.open(newPath())
    await putAll(
      replica,
      numberedKeys(3000).map((name, index) => valueAt(index + 1, name)),
    )
    let steps = 0
    for await (const _step of replica.digest?.(wholeRange, { stepTimeoutMs: 30_000, retirement: nothingRetires }) ??
      []) {
      steps += 1
      const written = valueAt(9, userKey(`meanwhile ${steps}`))
      await replica.putManyIfNewer(putsOf(written), patient)
      expect(await replica.getMany([written.key], patient)).toEqual([written])
    }
    expect(steps).toBeGreaterThan(1)
  })

  it('rejects when it is aborted, before it begins and under way', async () => {
    const replica = scratch.open(newPath())
    const options = { stepTimeoutMs: 30_000, retirement: nothingRetires }
    const consume = async (signal: AbortSignal, onStep: () => void) => {
      for await (const _step of replica.digest?.(wholeRange, { ...options, signal }) ?? []) onStep()
    }
    await expect(consume(AbortSignal.abort(), () => {})).rejects.toThrow()
    const controller = new AbortController()
    await expect(consume(controller.signal, () => controller.abort())).rejects.toThrow()
  })
})

describe('a digest', () => {
  it('turns the event loop between steps also where every answer is there at once', async () => {
    const replica = scratch.open(':memory:')
    await putAll(
      replica,
      numberedKeys(30_000).map((name, index) => valueAt(index + 1, name)),
    )
    let isOver = false
    let turns = 0
    const turn = () => {
      turns += 1
      if (!isOver) setImmediate(turn)
    }
    setImmediate(turn)
    await stepsOf(replica)
    isOver = true
    expect(turns).toBeGreaterThan(1)
  })

  it('is the same after a record was purged as before it was put', async () => {
    const replica = scratch.open(':memory:')
    await putAll(replica, [valueAt(1, key)])
    const before = await digestOf(replica)
    const dead = tombstoneAt(2, userKey('b'))
    await putAll(replica, [dead])
    expect(await digestOf(replica)).not.toEqual(before)
    await replica.purgeMany([headOf(dead)], patient)
    expect(await digestOf(replica)).toEqual(before)
  })

  it('is empty over an empty range and an empty table', async () => {
    const replica = scratch.open(':memory:')
    expect(await digestOf(replica)).toEqual(emptyDigest())
    await putAll(replica, [valueAt(1, key)])
    expect(await digestOf(replica, nothingRetires, { from: 5, to: 5 })).toEqual(emptyDigest())
  })

  it.each([
    ['version', "x'00'"],
    ['version', "upper(replace(version, '0', 'a'))"],
    ['version', "replace(version, '0', 'g')"],
    ['version', 'CAST(version AS BLOB)'],
    ['version', "version || '0'"],
    ['kind', "'lineage'"],
    ['expires_at_ms', '9223372036854775807'],
    ['expires_at_ms', "'soon'"],
    ['expires_at_ms', '-1'],
    ['retain_until_ms', '-9223372036854775807'],
    ['retain_until_ms', '1.5'],
    ['checksum', "'x'"],
    ['checksum', "'999999999'"],
    ['checksum', "'6000000000'"],
    ['checksum', 'CAST(checksum AS BLOB)'],
    ['checksum', "checksum || '1'"],
    ['checksum', "' ' || substr(checksum, 2)"],
  ])('leaves out a record whose %s is %s, as scans take it for unreadable', async (column, value) => {
    const path = scratch.newPath()
    const replica = scratch.open(path)
    const other = valueAt(1, userKey('other'))
    await putAll(replica, [valueAt(5, key), other])
    behindItsBack(path, (database) =>
      database.prepare(`UPDATE keyv_quorum SET ${column} = ${value} WHERE key = ?`).run(key),
    )
    const expected = emptyDigest()
    const [entry] = (await scanAll(replica, patientScan)).filter((head) => head.key === other.key)
    addToDigest(expected, keyHash(other.key), entry?.checksum ?? '')
    expect(await digestOf(replica)).toEqual(expected)
    expect(await sumOfScan(replica)).toEqual(expected)
  })

  it('reads the index alone', async () => {
    const path = scratch.newPath()
    await scratch.open(path).lineage(patient)
    const plan = behindItsBack(path, (database) =>
      database
        .prepare(
          `EXPLAIN QUERY PLAN SELECT hash / 7, sum(checksum) FILTER (WHERE ${isReadable}) FROM keyv_quorum INDEXED BY keyv_quorum_by_hash WHERE hash >= 1 AND hash < 9 GROUP BY 1`,
        )
        .all()
        .map(({ detail }) => detail),
    )
    expect(plan[0]).toContain('USING COVERING INDEX keyv_quorum_by_hash')
  })
})
