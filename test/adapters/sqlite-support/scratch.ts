import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, afterEach } from 'vitest'
import type { SqliteReplicaOptions } from '../../../adapters/sqlite/sqlite-replica.ts'
import { sqliteReplica } from '../../../adapters/sqlite/sqlite-replica.ts'
import type { Replica } from '../../../src/replica.ts'

export interface Scratch {
  /** A path in the temporary folder where nothing is yet. */
  newPath(): string
  /** A replica that is closed after the test. */
  open(path: string, options?: SqliteReplicaOptions): Replica
}

/** A temporary folder for one test file, and replicas that are closed after each test. */
export function useScratch(): Scratch {
  const folder = mkdtempSync(join(tmpdir(), 'keyv-quorum-sqlite-'))
  const opened: Replica[] = []
  let paths = 0
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((replica) => replica.close()))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return {
    newPath: () => {
      paths += 1
      return join(folder, `${paths}.db`)
    },
    open: (path, options) => {
      const replica = sqliteReplica({ path }, options)
      opened.push(replica)
      return replica
    },
  }
}

/** Does something to the file behind the replica's back, on a connection of its own. */
export function behindItsBack<Result>(path: string, work: (database: DatabaseSync) => Result): Result {
  using database = new DatabaseSync(path, { timeout: 30_000 })
  return work(database)
}

/** Removes a database as an operator would, with its log. */
export function removeDatabase(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true })
}
