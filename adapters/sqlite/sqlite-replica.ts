import { ConfigError } from '../../src/errors.ts'
import type { Replica } from '../../src/replica.ts'
import { type Runtime, systemRuntime } from '../../src/runtime.ts'
import { SqliteInline } from './sqlite-inline.ts'
import type { ScanCursor, ScanPage, SqliteExecutor } from './sqlite-operations.ts'
import { assertTableName } from './sqlite-schema.ts'
import { describeSqliteSource, memoryPath, type SqliteSource, sqliteGuarantees, sqliteLimits } from './sqlite-source.ts'
import { SqliteThread } from './sqlite-thread.ts'

export interface SqliteReplicaOptions {
  /** Names the replica in hints, events and errors. Default: `sqlite:` and the path, and `#` and the table if given. */
  readonly id?: string
  /** The table for the records, beside whatever else the database holds. Default: `keyv_quorum`. */
  readonly table?: string
  /** Default: the system's. */
  readonly runtime?: Pick<Runtime, 'clock' | 'timers'>
}

const defaultTable = 'keyv_quorum'

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
 * @throws ConfigError when the source is not SQLite, or the table has no plain name
 */
export function sqliteReplica(source: SqliteSource, options: SqliteReplicaOptions = {}): Replica {
  const described = describeSqliteSource(source)
  if (described === null) throw new ConfigError('source', 'a sqlite:// URI, a path, a KeyvSqlite or a DatabaseSync')
  const table = options.table ?? defaultTable
  assertTableName(table)
  const { path } = described
  const id = options.id ?? (table === defaultTable ? described.id : `${described.id}#${table}`)
  const executor: SqliteExecutor =
    path === memoryPath
      ? new SqliteInline(id, path, table)
      : new SqliteThread({ id, data: { path, table }, runtime: options.runtime ?? systemRuntime })

  return {
    id,
    guarantees: sqliteGuarantees(path),
    limits: sqliteLimits,
    getMany: (keys, { timeoutMs }) => executor.run('getMany', keys, timeoutMs),
    getVersions: (keys, { timeoutMs }) => executor.run('getVersions', keys, timeoutMs),
    putManyIfNewer: (entries, { timeoutMs }) => executor.run('putManyIfNewer', entries, timeoutMs),
    purgeMany: (heads, { timeoutMs }) => executor.run('purgeMany', heads, timeoutMs),
    lineage: ({ timeoutMs }) => executor.run('lineage', null, timeoutMs),
    close: () => executor.close(),

    async *scan(range, { pageTimeoutMs, pageKeysMax, keyPrefix = '', signal }) {
      let after: ScanCursor | null = null
      do {
        signal?.throwIfAborted()
        const page: ScanPage = await executor.run('scanPage', { range, keyPrefix, pageKeysMax, after }, pageTimeoutMs)
        yield page.heads
        after = page.next
      } while (after !== null)
      signal?.throwIfAborted()
    },
  }
}
