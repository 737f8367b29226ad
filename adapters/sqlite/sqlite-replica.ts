import { ConfigError } from '../../src/errors.ts'
import type { Replica } from '../../src/replica.ts'
import { type Runtime, systemRuntime } from '../../src/runtime.ts'
import { SqliteInline } from './sqlite-inline.ts'
import type { SqliteExecutor } from './sqlite-operations.ts'
import { assertTableName } from './sqlite-schema.ts'
import { describeSqliteSource, memoryPath, type SqliteSource, sqliteGuarantees, sqliteLimits } from './sqlite-source.ts'
import { changes, digest, scan } from './sqlite-steps.ts'
import { SqliteThread } from './sqlite-thread.ts'

export interface SqliteReplicaOptions {
  /** Names the replica in hints, events and errors. Default: `sqlite:` and the path, and `#` and the table if given. */
  readonly id?: string
  /** The table for the records, beside whatever else the database holds. Default: `keyv_quorum`. */
  readonly table?: string
  /**
   * How long the log of changes may grow, in batches put; one of more than 1 KB of keys counts more. 0 keeps none: sweeps
   * then compare everything. The same for all processes of a file. Default: 100,000.
   */
  readonly changesMax?: number
  /** Default: the system's. */
  readonly runtime?: Pick<Runtime, 'clock' | 'timers'>
}

const defaultTable = 'keyv_quorum'
const changesMaxDefault = 100_000

/**
 * A replica in a table of a SQLite file, over Node's own `node:sqlite`.
 *
 * - The file is created if need be, its folder is not. It is put into WAL mode for good, so that a commit costs one
 *   sync; commits are on the disk before they are acknowledged (`synchronous = FULL`).
 * - A thread owns the connection, because a commit blocks for as long as the disk takes: a store must not stop a web
 *   server's event loop for that. The way there and back costs 0.03 to 0.07 ms. A database in memory runs in place.
 * - Each batch is one transaction. Processes of one host may share the file; they wait for each other's locks within
 *   `timeoutMs`. No other SQLite library of this process (`sqlite3`, `better-sqlite3`) may write to the file at the
 *   same time: within one process, two libraries do not see each other's locks.
 *
 * @throws ConfigError when the source is not SQLite, the table has no plain name, or `changesMax` is no number of entries
 */
export function sqliteReplica(source: SqliteSource, options: SqliteReplicaOptions = {}): Replica {
  const described = describeSqliteSource(source)
  if (described === null) throw new ConfigError('source', 'a sqlite:// URI, a path, a KeyvSqlite or a DatabaseSync')
  const table = options.table ?? defaultTable
  assertTableName(table)
  const { path } = described
  const id = options.id ?? (table === defaultTable ? described.id : `${described.id}#${table}`)
  const { changesMax = changesMaxDefault, runtime = systemRuntime } = options
  assertChangesMax(changesMax)
  const data = { path, table, changesMax }
  const executor: SqliteExecutor =
    path === memoryPath ? new SqliteInline(id, data, runtime) : new SqliteThread({ id, data, runtime })

  return {
    id,
    guarantees: sqliteGuarantees(path),
    limits: sqliteLimits,
    getMany: (keys, { timeoutMs }) => executor.run('getMany', keys, timeoutMs),
    getVersions: (keys, { timeoutMs }) => executor.run('getVersions', keys, timeoutMs),
    putManyIfNewer: (entries, { timeoutMs }) => executor.run('putManyIfNewer', entries, timeoutMs),
    purgeMany: (heads, { timeoutMs }) => executor.run('purgeMany', heads, timeoutMs),
    scan: (range, scanOptions) => scan(executor, range, scanOptions),
    digest: (range, digestOptions) => digest(executor, range, digestOptions),
    ...(changesMax > 0 && { changes: (after, changesOptions) => changes(executor, after, changesOptions) }),
    lineage: ({ timeoutMs }) => executor.run('lineage', null, timeoutMs),
    close: () => executor.close(),
  }
}

function assertChangesMax(changesMax: number): void {
  if (Number.isSafeInteger(changesMax) && changesMax >= 0) return
  throw new ConfigError('changesMax', 'a whole number from 0')
}
