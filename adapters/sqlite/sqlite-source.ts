import { resolve } from 'node:path'
import { ConfigError } from '../../src/errors.ts'
import type { ReplicaGuarantees, ReplicaLimits } from '../../src/replica.ts'

/** `path` of a database that lives in the memory of one connection. */
export const memoryPath = ':memory:'

/**
 * Names a SQLite database. Only the address is read out of it: the replica opens a connection of its own.
 *
 * - A URI as `@keyv/sqlite` reads it: `sqlite://relative.db`, `sqlite:///absolute.db`, `sqlite://:memory:`.
 * - `{ path }`: the same without the scheme.
 * - An instance of `KeyvSqlite`, of the 4 or the 6 series.
 * - An open `DatabaseSync` of `node:sqlite`.
 */
export type SqliteSource = string | SqlitePath | KeyvSqlite6 | KeyvSqlite4 | OpenDatabase

export interface SqlitePath {
  readonly path: string
}

/** The part of `KeyvSqlite` 6 that is read. */
export interface KeyvSqlite6 {
  readonly uri: string
  readonly db: string
  readonly query: unknown
}

/** The part of `KeyvSqlite` 4 that is read. */
export interface KeyvSqlite4 {
  readonly opts: { readonly dialect?: string | undefined; readonly db?: string | undefined }
  readonly query: unknown
}

/** The part of `DatabaseSync` that is read. */
export interface OpenDatabase {
  location(): string | null
  readonly prepare: unknown
  readonly exec: unknown
}

export interface SqliteDescription {
  /** `sqlite:` and the path. */
  readonly id: string
  /** Absolute, or `:memory:`. */
  readonly path: string
}

const scheme = 'sqlite://'

/**
 * Recognises what names a SQLite database; null when the source is something else.
 * @throws ConfigError when it is SQLite, but names no database that can be opened
 */
export function describeSqliteSource(source: unknown): SqliteDescription | null {
  const name = databaseName(source)
  if (name === null) return null
  const path = pathOf(name)
  return { id: `sqlite:${path}`, path }
}

/** A file is shared by the processes of its host; a database in memory belongs to one connection of one process. */
export function sqliteGuarantees(path: string): ReplicaGuarantees {
  return { putIfNewer: 'atomic', sharedBy: path === memoryPath ? 'process' : 'host', backend: 'sqlite' }
}

function databaseName(source: unknown): string | null {
  if (typeof source === 'string') return source.startsWith(scheme) ? source.slice(scheme.length) : null
  if (typeof source !== 'object' || source === null) return null
  if (isPath(source)) return source.path
  if (isKeyvSqlite6(source)) return source.db
  if (isKeyvSqlite4(source)) return source.opts.db ?? ''
  if (isOpenDatabase(source)) return locationOf(source)
  return null
}

/** The one property and no other, because options of other backends have a `path` among theirs. */
function isPath(source: object): source is SqlitePath {
  return 'path' in source && typeof source.path === 'string' && Object.keys(source).length === 1
}

function isKeyvSqlite6(source: object): source is KeyvSqlite6 {
  return isQueried(source) && 'db' in source && typeof source.db === 'string' && 'uri' in source
}

function isKeyvSqlite4(source: object): source is KeyvSqlite4 {
  if (!isQueried(source) || !('opts' in source)) return false
  const { opts } = source
  return typeof opts === 'object' && opts !== null && 'dialect' in opts && opts.dialect === 'sqlite'
}

function isQueried(source: object): boolean {
  return 'query' in source && typeof source.query === 'function'
}

function isOpenDatabase(source: object): source is OpenDatabase {
  return ['location', 'prepare', 'exec'].every((name) => typeof Reflect.get(source, name) === 'function')
}

function locationOf(database: OpenDatabase): string {
  try {
    return database.location() ?? memoryPath
  } catch (cause) {
    throw new ConfigError('source', 'a DatabaseSync that is open', cause)
  }
}

function pathOf(name: string): string {
  // SQLite keeps a database without a name in a temporary file of one connection: as private as one in memory.
  if (name === '' || name === memoryPath) return memoryPath
  if (name.startsWith('file:')) throw new ConfigError('source', 'a path to a SQLite file, not a file: URI')
  if (name.includes('\0')) throw new ConfigError('source', 'a path without NUL')
  return resolve(name)
}

/** One thread does one call after the other; what comes meanwhile joins the next. */
export const sqliteLimits: ReplicaLimits = { batchKeysMax: 1_000, callsInFlightMax: 1 }
