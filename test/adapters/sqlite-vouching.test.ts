import { describe, expect, it } from 'vitest'
import { SqliteConnection } from '../../adapters/sqlite/sqlite-connection.ts'
import { wholeRange } from '../../src/core/hash.ts'
import type { Replica } from '../../src/replica.ts'
import { headOf, numberedKeys, putsOf, userKey, valueAt } from '../conformance/samples.ts'
import { collected } from './sqlite-support/collected.ts'
import { RemoteReplica } from './sqlite-support/remote-replica.ts'
import { behindItsBack, removeDatabase, useScratch } from './sqlite-support/scratch.ts'

const scratch = useScratch()
const patient = { timeoutMs: 30_000 }
const key = userKey('a')
const unavailable = { name: 'ReplicaError', code: 'UNAVAILABLE' }
const scanOptions = { pageTimeoutMs: 30_000, pageKeysMax: 10 }
const retirement = { retainedUntilMs: -1, diedUntilMs: -1 }
const digestOptions = { stepTimeoutMs: 30_000, retirement }

type Loss = readonly [name: string, lose: (path: string) => unknown]

const losses: readonly Loss[] = [
  ['the table was emptied', (path) => behindItsBack(path, (database) => database.exec('DELETE FROM keyv_quorum'))],
  ['the table was dropped', (path) => behindItsBack(path, (database) => database.exec('DROP TABLE keyv_quorum'))],
  ['the file was removed', removeDatabase],
  ['the table was emptied, and another process wrote', (path) => emptiedAndWritten(path)],
  ['the file was removed, and another process made it anew', removedAndMadeAnew],
]

async function emptiedAndWritten(path: string): Promise<void> {
  behindItsBack(path, (database) => database.exec('DELETE FROM keyv_quorum'))
  await writtenElsewhere(path)
}

async function removedAndMadeAnew(path: string): Promise<void> {
  removeDatabase(path)
  await writtenElsewhere(path)
}

async function writtenElsewhere(path: string): Promise<void> {
  await using remote = await RemoteReplica.start(path)
  await remote.putManyIfNewer(putsOf(valueAt(1, userKey('of another process'))))
}

const calls: readonly (readonly [string, (replica: Replica) => Promise<unknown>])[] = [
  ['getMany', (replica) => replica.getMany([key], patient)],
  ['getVersions', (replica) => replica.getVersions([key], patient)],
  ['putManyIfNewer', (replica) => replica.putManyIfNewer(putsOf(valueAt(9, userKey('put'))), patient)],
  ['purgeMany', (replica) => replica.purgeMany([headOf(valueAt(1, key))], patient)],
  ['scan', (replica) => collected(replica.scan(wholeRange, scanOptions))],
  ['digest', (replica) => collected(replica.digest?.(wholeRange, digestOptions) ?? nothing())],
  ['changes', (replica) => collected(replica.changes?.(null, { stepTimeoutMs: 30_000 }) ?? nothing())],
]

async function* nothing(): AsyncGenerator<never> {
  // For an adapter without the method, whose calls then do not reject.
}

/** A replica that told its lineage and holds a record. */
async function lived(path: string): Promise<{ replica: Replica; lineage: string }> {
  const replica = scratch.open(path)
  const lineage = await replica.lineage(patient)
  await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
  return { replica, lineage }
}

describe.each(losses)('when %s', (_loss, lose) => {
  it.each(calls)(
    '%s rejects, having changed nothing, and calls go on when the lineage was asked again',
    async (_call, call) => {
      const path = scratch.newPath()
      const { replica, lineage } = await lived(path)
      await lose(path)
      await expect(call(replica)).rejects.toMatchObject(unavailable)

      const changed = await replica.lineage(patient)
      expect(changed).not.toBe(lineage)
      expect(await replica.getMany([userKey('put')], patient)).toEqual([null])
      await call(replica)
      await replica.putManyIfNewer(putsOf(valueAt(2, key)), patient)
      expect(await replica.getMany([key], patient)).toEqual([valueAt(2, key)])
      expect(await replica.lineage(patient)).toBe(changed)
    },
  )
})

describe('answers', () => {
  it('do not come from a table that a `lineage` made just before them has found', async () => {
    const path = scratch.newPath()
    const { replica } = await lived(path)
    removeDatabase(path)
    const [lineage, read, put] = await Promise.allSettled([
      replica.lineage(patient),
      replica.getMany([key], patient),
      replica.putManyIfNewer(putsOf(valueAt(2, key)), patient),
    ])
    expect(lineage.status).toBe('fulfilled')
    expect([read, put]).toMatchObject([{ reason: unavailable }, { reason: unavailable }])
    expect(await replica.getMany([key], patient)).toEqual([null])
  })

  it('go on, vouched for by nothing, after the rejection and before the lineage is asked', async () => {
    const path = scratch.newPath()
    const { replica } = await lived(path)
    removeDatabase(path)
    await expect(replica.getMany([key], patient)).rejects.toMatchObject(unavailable)
    expect(await replica.getMany([key], patient)).toEqual([null])
  })

  it.each([
    ['a scan', (replica: Replica) => replica.scan(wholeRange, { ...scanOptions, pageKeysMax: 1 })],
    ['a digest', (replica: Replica) => replica.digest?.(wholeRange, digestOptions) ?? nothing()],
  ])('of %s come from one lineage, also when another call is told a new one meanwhile', async (_what, start) => {
    const path = scratch.newPath()
    const { replica } = await lived(path)
    const records = numberedKeys(900).map((name) => valueAt(1, name))
    await replica.putManyIfNewer(putsOf(...records), patient)
    const consume = async () => {
      let isFirst = true
      for await (const _step of start(replica)) {
        if (isFirst) {
          removeDatabase(path)
          await replica.lineage(patient)
        }
        isFirst = false
      }
    }
    await expect(consume()).rejects.toMatchObject(unavailable)
  })
})

describe('a write', () => {
  it('is not acknowledged when its file is removed before it is done: it may or may not be seen', () => {
    const path = scratch.newPath()
    const connection = new SqliteConnection({ path, table: 'keyv_quorum', changesMax: 10 }, () => 1000)
    const write = () => connection.write(() => removeDatabase(path))
    expect(write).toThrow(expect.objectContaining({ code: 'TIMEOUT' }))
    connection.close()
  })
})
