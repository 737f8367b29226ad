import { copyFileSync, existsSync, renameSync, symlinkSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import KeyvSqlite from '@keyv/sqlite'
import { describe, expect, it } from 'vitest'
import { sqliteReplica } from '../../adapters/sqlite/sqlite-replica.ts'
import type { Replica } from '../../src/replica.ts'
import { putsOf, userKey, valueAt } from '../conformance/samples.ts'
import { scanAll } from '../conformance/scan-all.ts'
import { RemoteReplica } from './sqlite-support/remote-replica.ts'
import { behindItsBack, removeDatabase, useScratch } from './sqlite-support/scratch.ts'

const scratch = useScratch()
const patient = { timeoutMs: 30_000 }
const key = userKey('a')
const unavailable = { name: 'ReplicaError', code: 'UNAVAILABLE' }

const losses: readonly (readonly [string, (path: string) => void])[] = [
  ['the table was emptied', (path) => behindItsBack(path, (database) => database.exec('DELETE FROM keyv_quorum'))],
  ['the table was dropped', (path) => behindItsBack(path, (database) => database.exec('DROP TABLE keyv_quorum'))],
  ['the file was removed', removeDatabase],
  ['the file was moved away', (path) => renameSync(path, `${path}.gone`)],
  ['the file was replaced by an older copy of itself', restoreBackup],
]

function restoreBackup(path: string): void {
  removeDatabase(path)
  renameSync(`${path}.backup`, path)
}

/** A replica that told its lineage and holds a record, and a copy of its file from before the record. */
async function lived(path: string): Promise<{ replica: Replica; lineage: string }> {
  const replica = scratch.open(path)
  const lineage = await replica.lineage(patient)
  behindItsBack(path, (database) => database.exec(`VACUUM INTO '${path}.backup'`))
  await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
  return { replica, lineage }
}

describe('lineage', () => {
  it.each(losses)('changes when %s', async (_name, lose) => {
    const path = scratch.newPath()
    const { replica, lineage } = await lived(path)
    lose(path)
    const changed = await replica.lineage(patient)
    expect(changed).not.toBe(lineage)
    expect(await replica.getMany([key], patient)).toEqual([null])
    expect(await replica.lineage(patient)).toBe(changed)
    expect(await scratch.open(path).lineage(patient)).toBe(changed)
  })

  it.each(losses)('is asked for before anything counts when %s', async (_name, lose) => {
    const path = scratch.newPath()
    const { replica } = await lived(path)
    lose(path)
    // Both were made before anyone could know of the loss.
    const calls = await Promise.allSettled([
      replica.getMany([key], patient),
      replica.putManyIfNewer(putsOf(valueAt(2, key)), patient),
    ])
    expect(calls).toMatchObject([
      { status: 'rejected', reason: unavailable },
      { status: 'rejected', reason: unavailable },
    ])
    expect(await replica.getMany([key], patient)).toEqual([null])
  })

  it('stays when its own connection is made anew', async () => {
    const path = scratch.newPath()
    const { replica, lineage } = await lived(path)
    await replica.close()
    expect(await scratch.open(path).lineage(patient)).toBe(lineage)
  })

  it('is no record: neither reads nor scans give it', async () => {
    const replica = scratch.open(scratch.newPath())
    await replica.lineage(patient)
    for (const keyPrefix of ['', '\0']) {
      expect(await scanAll(replica, { pageTimeoutMs: 30_000, pageKeysMax: 10, keyPrefix })).toEqual([])
    }
  })

  it('is told alike to connections that meet a new file at once', async () => {
    const path = scratch.newPath()
    const told = await Promise.all(Array.from({ length: 6 }, () => scratch.open(path).lineage(patient)))
    expect(new Set(told).size).toBe(1)
  })

  it('of a database in memory is that of one replica', async () => {
    const [a, b] = [scratch.open(':memory:'), scratch.open(':memory:')]
    expect(await a.lineage(patient)).toBe(await a.lineage(patient))
    expect(await a.lineage(patient)).not.toBe(await b.lineage(patient))
  })
})

describe('a file that is removed while it is open', () => {
  it('gets no more writes: they go to the file at the path', async () => {
    const path = scratch.newPath()
    const { replica } = await lived(path)
    removeDatabase(path)
    await replica.lineage(patient)
    await replica.putManyIfNewer(putsOf(valueAt(3, key)), patient)
    expect(await scratch.open(path).getMany([key], patient)).toEqual([valueAt(3, key)])
  })

  it('fails a scan that was under way', async () => {
    const path = scratch.newPath()
    const { replica } = await lived(path)
    await replica.putManyIfNewer(putsOf(valueAt(1, userKey('b')), valueAt(1, userKey('c'))), patient)
    const scanning = async () => {
      for await (const _page of replica.scan({ from: 0, to: 2 ** 32 }, { pageTimeoutMs: 30_000, pageKeysMax: 1 })) {
        removeDatabase(path)
      }
    }
    await expect(scanning()).rejects.toMatchObject(unavailable)
  })
})

describe('a file that another SQLite library of this process has open', () => {
  it('loses no acknowledged write when that library closes it, and takes the log along', async () => {
    const path = scratch.newPath()
    const adapter = new KeyvSqlite({ uri: `sqlite://${path}`, driver: 'better-sqlite3' })
    await adapter.set('of', 'Keyv')
    const replica = sqliteReplica(adapter)
    await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
    expect(await adapter.get('of')).toBe('Keyv')
    await adapter.disconnect()
    expect(existsSync(`${path}-wal`)).toBe(false)

    const second = valueAt(2, userKey('b'))
    await replica.putManyIfNewer(putsOf(second), patient)
    await using elsewhere = await RemoteReplica.start(path)
    expect(await elsewhere.getMany([key, second.key])).toEqual([valueAt(1, key), second])
    await replica.close()
  })
})

describe('a symbolic link to a file', () => {
  it('is followed, log and all', async () => {
    const [path, link] = [scratch.newPath(), scratch.newPath()]
    symlinkSync(path, link)
    const replica = scratch.open(link)
    await replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
    using database = new DatabaseSync(path)
    expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' })
    copyFileSync(path, `${path}.copy`)
    renameSync(`${path}.copy`, path)
    await expect(replica.getMany([key], patient)).rejects.toMatchObject(unavailable)
  })
})
