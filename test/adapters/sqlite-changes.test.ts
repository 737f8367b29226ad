import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sqliteReplica } from '../../adapters/sqlite/sqlite-replica.ts'
import { ConfigError } from '../../src/errors.ts'
import type { ChangesStep, Replica } from '../../src/replica.ts'
import { headOf, numberedKeys, putsOf, tombstoneAt, userKey, valueAt } from '../conformance/samples.ts'
import { collected } from './sqlite-support/collected.ts'
import { RemoteReplica } from './sqlite-support/remote-replica.ts'
import { behindItsBack, useScratch } from './sqlite-support/scratch.ts'

const scratch = useScratch()
const patient = { timeoutMs: 30_000 }
const key = userKey('a')

interface Changes {
  readonly keys: readonly string[]
  readonly position: string
  readonly isGap: boolean
}

async function changesAfter(replica: Replica, after: string | null): Promise<Changes> {
  const steps = await stepsAfter(replica, after)
  const last = steps.at(-1)
  if (last === undefined) throw new Error('changes came without a step')
  return {
    keys: steps.flatMap(({ keys }) => keys),
    position: last.position,
    isGap: steps.some(({ isGap }) => isGap === true),
  }
}

async function stepsAfter(replica: Replica, after: string | null): Promise<ChangesStep[]> {
  if (replica.changes === undefined) throw new Error('the replica has no log of changes')
  return await collected(replica.changes(after, { stepTimeoutMs: 30_000 }))
}

async function positionOf(replica: Replica): Promise<string> {
  const { keys, position, isGap } = await changesAfter(replica, null)
  expect({ keys, isGap }).toEqual({ keys: [], isGap: false })
  return position
}

function rowsOfLog(path: string): number {
  return behindItsBack(path, (database) =>
    Number(database.prepare('SELECT count(*) AS count FROM keyv_quorum_changes').get()?.count),
  )
}

describe('changes', () => {
  it.each([
    ['in place', ':memory:'],
    ['in a thread', scratch.newPath()],
  ])('are the keys whose records were stored since, %s', async (_where, path) => {
    const replica = scratch.open(path)
    await replica.putManyIfNewer(putsOf(valueAt(1, userKey('before'))), patient)
    const position = await positionOf(replica)
    expect(position.length).toBeLessThanOrEqual(200)
    expect(await stepsAfter(replica, position)).toEqual([{ keys: [], position }])

    const [b, c] = [userKey('b'), userKey('c ж \u{10000}\u0001')]
    await replica.putManyIfNewer(putsOf(valueAt(5, key), tombstoneAt(5, b)), patient)
    const first = await changesAfter(replica, position)
    expect(first).toMatchObject({ keys: [key, b], isGap: false })
    await replica.putManyIfNewer(putsOf(valueAt(6, c), valueAt(5, key), valueAt(4, b)), patient)
    expect(await changesAfter(replica, first.position)).toMatchObject({ keys: [c], isGap: false })
    expect(await changesAfter(replica, position)).toMatchObject({ keys: [key, b, c], isGap: false })
  })

  it('hold neither what was held or superseded nor what was purged', async () => {
    const replica = scratch.open(':memory:')
    await replica.putManyIfNewer(putsOf(valueAt(5, key)), patient)
    const position = await positionOf(replica)
    await replica.putManyIfNewer(putsOf({ ...valueAt(5, key), retainUntilMs: 99 }), patient)
    await replica.putManyIfNewer(putsOf(valueAt(4, key)), patient)
    await replica.purgeMany([headOf(valueAt(5, key))], patient)
    expect(await stepsAfter(replica, position)).toEqual([{ keys: [], position }])
  })

  it('tell of mended records', async () => {
    const path = scratch.newPath()
    const replica = scratch.open(path)
    await replica.putManyIfNewer(putsOf(valueAt(5, key)), patient)
    const position = await positionOf(replica)
    behindItsBack(path, (database) => database.exec("UPDATE keyv_quorum SET payload = 'x' WHERE hash >= 0"))
    await replica.putManyIfNewer([{ record: valueAt(5, key), mendsCorrupt: true }], patient)
    expect(await changesAfter(replica, position)).toMatchObject({ keys: [key], isGap: false })
  })

  it('come in steps of bounded size, each with a position to go on from', async () => {
    const replica = scratch.open(':memory:')
    const position = await positionOf(replica)
    const keys = numberedKeys(12_000)
    for (let start = 0; start < keys.length; start += 1000) {
      const records = keys.slice(start, start + 1000).map((name) => valueAt(1, name))
      await replica.putManyIfNewer(putsOf(...records), patient)
    }
    const steps = await stepsAfter(replica, position)
    expect(steps.length).toBeGreaterThan(1)
    expect(Math.max(...steps.map((step) => step.keys.length))).toBeLessThan(6000)
    expect(steps.flatMap((step) => step.keys)).toEqual(keys)
    const [first] = steps
    const rest = await changesAfter(replica, first?.position ?? '')
    expect(rest.keys).toEqual(keys.slice(first?.keys.length))
  })

  it('outlast connections', async () => {
    const path = scratch.newPath()
    const replica = scratch.open(path)
    const position = await positionOf(replica)
    await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
    await replica.close()
    expect(await changesAfter(scratch.open(path), position)).toMatchObject({ keys: [key], isGap: false })
  })

  it('are kept for a table that had no log, from the first look or put on', async () => {
    const path = scratch.newPath()
    const older = scratch.open(path, { changesMax: 0 })
    await older.putManyIfNewer(putsOf(valueAt(1, key)), patient)
    await older.close()
    const replica = scratch.open(path)
    const position = await positionOf(replica)
    await replica.putManyIfNewer(putsOf(valueAt(2, key)), patient)
    expect(await changesAfter(replica, position)).toMatchObject({ keys: [key], isGap: false })
  })

  it('of several processes are complete, for a reader who looks meanwhile', async () => {
    const path = scratch.newPath()
    const reader = scratch.open(path)
    let position = await positionOf(reader)
    const acknowledged = new Set<string>()
    const seen = new Set<string>()
    let writing = 3
    const write = async (writer: number) => {
      await using remote = await RemoteReplica.start(path)
      for (let round = 1; round <= 60; round += 1) {
        const records = [1, 2, 3].map((index) => valueAt(round, userKey(`${writer} ${round} ${index}`)))
        await remote.putManyIfNewer(putsOf(...records, valueAt(round, key)))
        for (const record of records) acknowledged.add(record.key)
      }
      writing -= 1
    }
    const look = async () => {
      const acknowledgedBefore = [...acknowledged]
      const changes = await changesAfter(reader, position)
      expect(changes.isGap).toBe(false)
      position = changes.position
      for (const name of changes.keys) seen.add(name)
      expect(acknowledgedBefore.filter((name) => !seen.has(name))).toEqual([])
    }
    const keepLooking = async () => {
      while (writing > 0) await look()
      await look()
    }
    await Promise.all([write(1), write(2), write(3), keepLooking()])
    expect(acknowledged.size).toBe(540)
  })

  it('are bounded: rows and text are removed from the beginning', async () => {
    const path = scratch.newPath()
    const replica = scratch.open(path, { changesMax: 20 })
    const position = await positionOf(replica)
    for (let step = 1; step <= 100; step += 1) await replica.putManyIfNewer(putsOf(valueAt(step, key)), patient)
    expect(rowsOfLog(path)).toBeLessThanOrEqual(41)
    expect(await changesAfter(replica, position)).toMatchObject({ keys: [], isGap: true })

    const recent = await positionOf(replica)
    await replica.putManyIfNewer(putsOf(...numberedKeys(30, 'x'.repeat(1024)).map((name) => valueAt(1, name))), patient)
    expect(rowsOfLog(path)).toBe(1)
    expect(await changesAfter(replica, recent)).toMatchObject({ isGap: true })
  })

  it('never miss a key without a gap, however the log is trimmed and read', async () => {
    const moves = fc.array(fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constant('look' as const)), { maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 8 }), moves, async (changesMax, actions) => {
        const replica = sqliteReplica({ path: ':memory:' }, { changesMax })
        let position = await positionOf(replica)
        let missing = new Set<string>()
        let puts = 0
        const look = async () => {
          const changes = await changesAfter(replica, position)
          for (const name of changes.keys) missing.delete(name)
          if (!changes.isGap) expect(missing).toEqual(new Set())
          missing = new Set()
          position = changes.position
        }
        for (const action of [...actions, 'look' as const]) {
          if (action === 'look') await look()
          for (let put = 0; put < Number(action); put += 1) {
            puts += 1
            const name = userKey(`${'x'.repeat((puts % 3) * 700)} ${puts}`)
            missing.add(name)
            await replica.putManyIfNewer(putsOf(valueAt(1, name)), patient)
          }
        }
        await replica.close()
      }),
      { numRuns: 60 },
    )
  })
})

describe('a gap', () => {
  async function lived(path: string): Promise<{ replica: Replica; position: string }> {
    const replica = scratch.open(path)
    const position = await positionOf(replica)
    await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
    return { replica, position }
  }

  it.each([
    ['the log was emptied', 'DELETE FROM keyv_quorum_changes'],
    ['the log was dropped', 'DROP TABLE keyv_quorum_changes'],
    ['a row was damaged', 'UPDATE keyv_quorum_changes SET keys = NULL'],
    ['a row has a number that no log reaches', "INSERT INTO keyv_quorum_changes VALUES (9223372036854775807, 'x')"],
  ])('comes where %s, and changes go on from there', async (_what, statement) => {
    const path = scratch.newPath()
    const { replica, position } = await lived(path)
    behindItsBack(path, (database) => database.exec(statement))
    for (let step = 2; step <= 3; step += 1) {
      await replica.putManyIfNewer(putsOf(valueAt(step, key)), patient).catch(() => {})
    }
    const mayBeWhole = statement.startsWith('INSERT')
    const { isGap, keys } = await changesAfter(replica, position)
    expect(isGap || (mayBeWhole && keys.includes(key))).toBe(true)

    const recent = await positionOf(replica)
    await replica.putManyIfNewer(putsOf(valueAt(9, userKey('b'))), patient)
    expect(await changesAfter(replica, recent)).toMatchObject({ keys: [userKey('b')], isGap: false })
  })

  it.each(['', 'x', ':', '1', 'nothing:NaN', `${'f'.repeat(32)}:1`])(
    'comes after a position that is none (%j)',
    async (after) => {
      const { replica } = await lived(scratch.newPath())
      expect(await stepsAfter(replica, after)).toEqual([{ keys: [], position: expect.any(String), isGap: true }])
    },
  )

  it('comes after a position of another file', async () => {
    const { position } = await lived(scratch.newPath())
    const { replica } = await lived(scratch.newPath())
    expect(await changesAfter(replica, position)).toMatchObject({ keys: [], isGap: true })
  })

  it('stands for a batch of more key text than a row holds', async () => {
    const { replica, position } = await lived(scratch.newPath())
    const long = valueAt(1, userKey('ж'.repeat(70_000)))
    await replica.putManyIfNewer(putsOf(long), patient)
    const after = await changesAfter(replica, position)
    expect(after).toMatchObject({ keys: [], isGap: true })
    await replica.putManyIfNewer(putsOf(valueAt(2, key)), patient)
    expect(await changesAfter(replica, after.position)).toMatchObject({ keys: [key], isGap: false })
  })

  it('is left by a process that keeps no log but puts', async () => {
    const path = scratch.newPath()
    const { replica, position } = await lived(path)
    const without = scratch.open(path, { changesMax: 0 })
    expect(without.changes).toBeUndefined()
    await without.putManyIfNewer(putsOf(valueAt(2, key)), patient)
    const after = await changesAfter(replica, position)
    expect(after).toMatchObject({ keys: [], isGap: true })
    await without.putManyIfNewer(putsOf(valueAt(1, key)), patient)
    expect(await changesAfter(replica, after.position)).toMatchObject({ keys: [], isGap: false })
  })
})

describe('the log of changes', () => {
  it('is part of the write: a batch that is not applied is not in it', async () => {
    const path = scratch.newPath()
    const replica = scratch.open(path)
    const position = await positionOf(replica)
    using other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    await expect(replica.putManyIfNewer(putsOf(valueAt(1, key)), { timeoutMs: 300 })).rejects.toThrow()
    other.exec('ROLLBACK')
    const { keys } = await changesAfter(replica, position)
    expect(keys).toEqual((await replica.getMany([key], patient)).flatMap((answer) => (answer === null ? [] : [key])))
  })

  it('leaves a table of somebody else’s alone, and says so', async () => {
    const path = scratch.newPath()
    behindItsBack(path, (database) => database.exec('CREATE TABLE keyv_quorum_changes (seq, note)'))
    const replica = scratch.open(path)
    await expect(replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)).rejects.toMatchObject({
      code: 'REJECTED',
      message: expect.stringContaining('keyv_quorum_changes is not one of this store'),
    })
    expect(await replica.getMany([key], patient)).toEqual([null])
  })

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('cannot be kept to %d entries', (changesMax) => {
    expect(() => sqliteReplica({ path: ':memory:' }, { changesMax })).toThrow(ConfigError)
  })
})
