import { type BigIntStats, statSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { SqliteChanges } from './sqlite-changes.ts'
import { SqliteDigest } from './sqlite-digest.ts'
import { isBusyOrReadOnly, isSchemaError, SqliteTrouble } from './sqlite-failure.ts'
import { SqliteScanPages } from './sqlite-scan-pages.ts'
import { prepareSchema } from './sqlite-schema.ts'
import { memoryPath } from './sqlite-source.ts'
import { SqliteTable } from './sqlite-table.ts'

/** What a database is opened with; also what the thread of one is started with. */
export interface DatabaseData {
  /** Absolute, or `:memory:`. */
  readonly path: string
  readonly table: string
  /** How long the log of changes may grow; 0 for none. */
  readonly changesMax: number
}

/** The parts of a database that work is done with. */
export interface DatabaseParts {
  readonly table: SqliteTable
  readonly scans: SqliteScanPages
  readonly digest: SqliteDigest
  readonly changes: SqliteChanges
}

type FileIdentity = Pick<BigIntStats, 'dev' | 'ino'>

/**
 * One open connection to a database that has its table, and to the very files that were at the path when it was opened.
 *
 * Files are only ever looked at with `stat`: to open the database file and close it again would drop every lock that
 * SQLite holds on it in this process (POSIX locks belong to the process, not to the descriptor).
 */
export class SqliteConnection {
  /** The stored lineage and the file's own number: a copy that was put in the place of the file is another lineage. */
  readonly lineage: string
  readonly #path: string
  readonly #database: DatabaseSync
  readonly #parts: DatabaseParts
  readonly #storedLineage: string
  readonly #walPath: string
  readonly #file: FileIdentity | null
  readonly #wal: FileIdentity | null
  readonly #begin: StatementSync
  readonly #beginWrite: StatementSync
  readonly #commit: StatementSync
  #lockWaitMs: number

  /** @param lockWait what is left of the time in ms that this call may wait for the locks of others */
  constructor({ path, table, changesMax }: DatabaseData, lockWait: () => number) {
    const before = identityOf(path)
    this.#path = path
    this.#lockWaitMs = lockWait()
    this.#database = new DatabaseSync(path, { timeout: this.#lockWaitMs })
    try {
      // A table of its own decides what a commit means, whatever the defaults of the build: on the disk.
      this.#database.exec('PRAGMA synchronous = FULL')
      useWriteAheadLog(this.#database)
      this.setLockWait(lockWait())
      this.#storedLineage = prepareSchema(this.#database, table)
      this.#parts = {
        table: new SqliteTable(this.#database, table),
        scans: new SqliteScanPages(this.#database, table),
        digest: new SqliteDigest(this.#database, table),
        changes: new SqliteChanges(this.#database, table, changesMax),
      }
      this.#begin = this.#database.prepare('BEGIN')
      this.#beginWrite = this.#database.prepare('BEGIN IMMEDIATE')
      this.#commit = this.#database.prepare('COMMIT')
      // The log is named after the file itself, which is not at the path where that is a symbolic link.
      this.#walPath = `${this.#database.location() ?? path}-wal`
      this.#file = identityOf(path)
      this.#wal = identityOf(this.#walPath)
      if (before !== null && !isSame(before, this.#file)) throw movedWhileOpening()
      this.lineage = this.#file === null ? this.#storedLineage : `${this.#storedLineage}-${this.#file.ino.toString(16)}`
    } catch (error) {
      this.#database.close()
      throw error
    }
  }

  /**
   * Whether the path still leads to the files that are open. Writes to removed files succeed, and are lost. Not only
   * people remove them: when another SQLite library in this process (the addons `sqlite3` and `better-sqlite3` have
   * one each) closes its last connection, it cannot see ours, and deletes the log that we write to.
   */
  isCurrent(): boolean {
    return isSame(this.#file, identityOf(this.#path)) && isSame(this.#wal, identityOf(this.#walPath))
  }

  setLockWait(lockWaitMs: number): void {
    if (lockWaitMs === this.#lockWaitMs) return
    this.#database.exec(`PRAGMA busy_timeout = ${lockWaitMs}`)
    this.#lockWaitMs = lockWaitMs
  }

  /** Runs the body in one snapshot, in which the lineage is still the one that this connection found. */
  read<Answer>(body: (parts: DatabaseParts) => Answer): Answer {
    return this.#inTransaction(this.#begin, body)
  }

  /** Runs the body alone: it takes the write lock first, so that nothing is applied when that cannot be had. */
  write<Answer>(body: (parts: DatabaseParts) => Answer): Answer {
    const answer = this.#inTransaction(this.#beginWrite, body)
    if (!this.isCurrent()) throw removedWhileWriting()
    return answer
  }

  close(): void {
    this.#database.close()
  }

  #inTransaction<Answer>(begin: StatementSync, body: (parts: DatabaseParts) => Answer): Answer {
    begin.run()
    try {
      if (this.#readLineage() !== this.#storedLineage) throw emptied()
      const answer = body(this.#parts)
      this.#commit.run()
      return answer
    } catch (error) {
      // Some errors have ended the transaction already.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      this.#parts.changes.forget()
      throw error
    }
  }

  #readLineage(): string | null {
    try {
      return this.#parts.table.storedLineage()
    } catch (error) {
      if (isSchemaError(error)) return null
      throw error
    }
  }
}

/**
 * One sync a commit, and readers who do not wait. Others may hold the file just now, or it may be read-only: without
 * the log everything is as safe, only slower, and the next connection tries again.
 */
function useWriteAheadLog(database: DatabaseSync): void {
  try {
    database.exec('PRAGMA journal_mode = WAL')
  } catch (error) {
    if (!isBusyOrReadOnly(error)) throw error
  }
}

function identityOf(path: string): FileIdentity | null {
  if (path === memoryPath) return null
  return statSync(path, { bigint: true, throwIfNoEntry: false }) ?? null
}

function isSame(a: FileIdentity | null, b: FileIdentity | null): boolean {
  return a?.ino === b?.ino && a?.dev === b?.dev
}

function movedWhileOpening(): SqliteTrouble {
  return new SqliteTrouble('UNAVAILABLE', 'its file was replaced while it was being opened')
}

/** Whoever has the files at the path now does not see what was written. */
function removedWhileWriting(): SqliteTrouble {
  return new SqliteTrouble('TIMEOUT', 'its files were removed while it wrote to them')
}

function emptied(): SqliteTrouble {
  return new SqliteTrouble('UNAVAILABLE', 'its table was emptied or dropped: ask for its lineage again', 'lineage-lost')
}
