import type { DatabaseSync } from 'node:sqlite'
import { ConfigError } from '../../src/errors.ts'
import { systemRuntime } from '../../src/runtime.ts'
import { SqliteTrouble } from './sqlite-failure.ts'

/** Where the lineage is kept in the table itself: keys of records hold no NUL, and their hashes are not negative. */
export const lineageKey = '\0lineage'
const lineageHash = -1

const columns = ['key', 'hash', 'version', 'kind', 'expires_at_ms', 'retain_until_ms', 'checksum', 'payload']
const changesColumns = ['seq', 'keys']

export interface TableNames {
  /** Quoted, for SQL. */
  readonly table: string
  readonly indexByHash: string
  readonly changes: string
}

/** @throws ConfigError unless the name is a plain one: letters, digits and `_`, at most 63 */
export function assertTableName(table: string): void {
  if (/^(?!sqlite_)[a-z_][a-z0-9_]{0,62}$/i.test(table)) return
  throw new ConfigError('table', 'letters, digits and _, at most 63, not starting with a digit or sqlite_')
}

export function tableNames(table: string): TableNames {
  return { table: `"${table}"`, indexByHash: `"${table}_by_hash"`, changes: `"${changesOf(table)}"` }
}

/**
 * Creates the table where there is none.
 *
 * A rowid table, because records of 1 KB take twice the time and three times the space in one WITHOUT ROWID: its tree
 * carries the payloads. The index holds everything that a head consists of, so that scans read it alone; it costs as
 * much as any index that holds the version, and makes a scan four times as fast.
 *
 * @returns the lineage of the table
 */
export function prepareSchema(database: DatabaseSync, table: string): string {
  const names = tableNames(table)
  const lineage = hasTable(database, table, columns) ? readLineage(database, names) : null
  if (lineage !== null) return lineage

  database.exec('BEGIN IMMEDIATE')
  database.exec(`
    CREATE TABLE IF NOT EXISTS ${names.table} (
      key TEXT NOT NULL PRIMARY KEY,
      hash INTEGER NOT NULL,
      version TEXT NOT NULL,
      kind TEXT NOT NULL,
      expires_at_ms INTEGER,
      retain_until_ms INTEGER NOT NULL,
      checksum TEXT NOT NULL,
      payload TEXT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS ${names.indexByHash}
      ON ${names.table} (hash, key, version, kind, expires_at_ms, retain_until_ms, checksum);
  `)
  database
    .prepare(`INSERT OR IGNORE INTO ${names.table} VALUES (?, ?, '', 'lineage', NULL, 0, '', ?)`)
    .run(lineageKey, lineageHash, systemRuntime.random.hex(32))
  const created = readLineage(database, names)
  database.exec('COMMIT')
  if (created === null) throw new SqliteTrouble('CORRUPT', `the table ${table} does not keep what is written to it`)
  return created
}

function readLineage(database: DatabaseSync, names: TableNames): string | null {
  const row = database.prepare(`SELECT payload FROM ${names.table} WHERE key = ?`).get(lineageKey)
  return typeof row?.payload === 'string' ? row.payload : null
}

/** The log of changes is made for a table that has none yet when it is needed: a file may be read-only until then. */
export function hasChanges(database: DatabaseSync, table: string): boolean {
  return hasTable(database, changesOf(table), changesColumns)
}

/** Its numbers need not outlive its rows, so it goes without AUTOINCREMENT, which costs each commit another page. */
export function createChanges(database: DatabaseSync, table: string): void {
  database.exec(`CREATE TABLE ${tableNames(table).changes} (seq INTEGER PRIMARY KEY, keys TEXT)`)
}

function changesOf(table: string): string {
  return `${table}_changes`
}

/** @throws SqliteTrouble when the name belongs to a table of another shape, which must not be touched */
function hasTable(database: DatabaseSync, table: string, expected: readonly string[]): boolean {
  const found = database.prepare('SELECT name FROM pragma_table_info(?)').all(table)
  if (found.length === 0) return false
  if (found.map(({ name }) => name).join() === expected.join()) return true
  throw new SqliteTrouble('REJECTED', `its table ${table} is not one of this store: name another with \`table\``)
}
