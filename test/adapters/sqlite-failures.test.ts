import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { failureOf } from '../../adapters/sqlite/sqlite-failure.ts'
import type { Replica } from '../../src/replica.ts'
import { numberedKeys, putsOf, userKey, valueAt } from '../conformance/samples.ts'
import { RemoteReplica } from './sqlite-support/remote-replica.ts'
import { behindItsBack, useScratch } from './sqlite-support/scratch.ts'

const scratch = useScratch()
const pageBytes = 4096
const patient = { timeoutMs: 30_000 }
const key = userKey('a')
const stored = [{ status: 'stored', retainUntilMs: valueAt(1, key).retainUntilMs, replaced: null }]

function put(replica: Replica) {
  return replica.putManyIfNewer(putsOf(valueAt(1, key)), patient)
}

describe('what keeps a file from being opened', () => {
  it('is UNAVAILABLE while its folder does not exist, and over when it does', async () => {
    const path = join(scratch.newPath(), 'in', 'a.db')
    const replica = scratch.open(path)
    await expect(put(replica)).rejects.toMatchObject({
      name: 'ReplicaError',
      code: 'UNAVAILABLE',
      replica: `sqlite:${path}`,
      message: expect.stringContaining(`the folder ${dirname(path)} does not exist`),
    })
    mkdirSync(dirname(path), { recursive: true })
    expect(await put(replica)).toEqual(stored)
  })

  it('is UNAVAILABLE where the path is a folder, or leads through a file', async () => {
    const path = scratch.newPath()
    mkdirSync(path)
    await expect(put(scratch.open(path))).rejects.toMatchObject({ code: 'UNAVAILABLE', message: /is a folder/ })
    const file = scratch.newPath()
    writeFileSync(file, '')
    await expect(put(scratch.open(join(file, 'a.db')))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: /is not a folder/,
    })
  })

  it('is REJECTED while the file is no database, and over when it is one', async () => {
    const path = scratch.newPath()
    writeFileSync(path, 'This is a text about something else entirely.'.repeat(100))
    const replica = scratch.open(path)
    await expect(put(replica)).rejects.toMatchObject({ code: 'REJECTED', message: /no SQLite database/ })
    await expect(replica.lineage(patient)).rejects.toMatchObject({ code: 'REJECTED' })
    rmSync(path)
    expect(await put(replica)).toEqual(stored)
  })

  it('is REJECTED while the table is somebody else’s, which is left alone', async () => {
    const path = scratch.newPath()
    behindItsBack(path, (database) => database.exec('CREATE TABLE keyv_quorum (key, value)'))
    const replica = scratch.open(path)
    await expect(put(replica)).rejects.toMatchObject({ code: 'REJECTED', message: /table keyv_quorum is not one/ })
    expect(behindItsBack(path, (database) => database.prepare('SELECT name FROM sqlite_schema').all())).toEqual([
      { name: 'keyv_quorum' },
    ])
    behindItsBack(path, (database) => database.exec('DROP TABLE keyv_quorum'))
    expect(await put(replica)).toEqual(stored)
  })

  it('is CORRUPT when the file is damaged inside, and over when it is restored', async () => {
    const path = scratch.newPath()
    const before = scratch.open(path)
    await before.putManyIfNewer(
      putsOf(...numberedKeys(500).map((name, index) => valueAt(index + 1, name, 'x'.repeat(200)))),
      patient,
    )
    await before.close()
    copyFileSync(path, `${path}.whole`)
    const file = openSync(path, 'r+')
    writeSync(file, Buffer.alloc(20 * pageBytes, 0xee), 0, 20 * pageBytes, pageBytes)
    closeSync(file)
    const replica = scratch.open(path)
    await expect(put(replica)).rejects.toMatchObject({ code: 'CORRUPT', message: /damaged/ })
    renameSync(`${path}.whole`, path)
    expect(await put(replica)).toEqual(stored)
  })
})

describe('a locked database', () => {
  it('is UNAVAILABLE when the lock outlasts the call, and the write was not applied', async () => {
    const path = scratch.newPath()
    const replica = scratch.open(path)
    await replica.lineage(patient)
    using other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    await expect(replica.putManyIfNewer(putsOf(valueAt(1, key)), { timeoutMs: 4000 })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: /locked/,
    })
    // Readers of a log do not wait for its writer.
    expect(await replica.getMany([key], patient)).toEqual([null])
    other.exec('COMMIT')
    expect(await put(replica)).toEqual(stored)
  })

  it('is waited for without holding up the event loop that has to release it', async () => {
    const path = scratch.newPath()
    const replica = scratch.open(path)
    await replica.lineage(patient)
    using other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    const putting = put(replica)
    for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    other.exec('COMMIT')
    expect(await putting).toEqual(stored)
  })

  it('is opened by the next call when it was locked whole at first', async () => {
    const path = scratch.newPath()
    using other = new DatabaseSync(path)
    other.exec('CREATE TABLE mine (a); BEGIN EXCLUSIVE')
    const replica = scratch.open(path)
    await expect(replica.getMany([key], { timeoutMs: 1000 })).rejects.toMatchObject({ name: 'ReplicaError' })
    other.exec('COMMIT')
    expect(await put(replica)).toEqual(stored)
  })
})

describe('a disk that takes no more', () => {
  it('is REJECTED, keeps what it has, and takes writes again when there is room', async () => {
    const path = scratch.newPath()
    await using remote = await RemoteReplica.start(path, { fileBlocksMax: 400 })
    expect(await remote.putManyIfNewer(putsOf(valueAt(1, key)))).toEqual(stored)

    const large = numberedKeys(10).map((name, index) => valueAt(index + 1, name, 'x'.repeat(100_000)))
    expect(await remote.failureOfPut(putsOf(...large))).toMatchObject({ code: 'REJECTED', message: /disk failed/ })
    expect(await remote.getMany([key, large[0]?.key ?? ''])).toEqual([valueAt(1, key), null])

    execFileSync('prlimit', ['--pid', String(remote.process.pid), '--fsize=unlimited:'])
    await remote.putManyIfNewer(putsOf(...large))
    expect(await remote.getMany(large.map((record) => record.key))).toEqual(large)
  })

  it('is named when SQLite says so', () => {
    using database = new DatabaseSync(':memory:')
    database.exec('PRAGMA max_page_count = 2; CREATE TABLE t (a)')
    const fill = () => database.exec('INSERT INTO t VALUES (hex(randomblob(100000)))')
    expect(fill).toThrow()
    try {
      fill()
    } catch (error) {
      expect(failureOf(error, ':memory:')).toMatchObject({ code: 'REJECTED', message: /disk is full/ })
    }
  })
})

describe('a read-only file', () => {
  it('answers reads, rejects writes, and takes them again when it is writable', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'keyv-quorum-sqlite-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const path = join(folder, 'a.db')
    const replica = scratch.open(path)
    await put(replica)
    await replica.close()
    // A log cannot be read where it cannot be made: the read-only databases of this world are without one.
    behindItsBack(path, (database) => database.exec('PRAGMA journal_mode = DELETE'))
    setRights(folder, path, { folder: 0o755, file: 0o444 })

    await using remote = await RemoteReplica.start(path, { isUnprivileged: true })
    expect(await remote.getMany([key])).toEqual([valueAt(1, key)])
    const newer = putsOf(valueAt(2, key))
    expect(await remote.failureOfPut(newer)).toMatchObject({ code: 'REJECTED', message: /read-only/ })
    expect(await remote.getMany([key])).toEqual([valueAt(1, key)])

    setRights(folder, path, { folder: 0o777, file: 0o666 })
    await remote.putManyIfNewer(newer)
    expect(await remote.getMany([key])).toEqual([valueAt(2, key)])
  })
})

/** The remote replica may run as nobody, to whom the file must not belong. */
function setRights(folder: string, path: string, modes: { readonly folder: number; readonly file: number }): void {
  if (process.getuid?.() === 0) chownSync(path, 0, 0)
  chmodSync(path, modes.file)
  chmodSync(folder, modes.folder)
}
