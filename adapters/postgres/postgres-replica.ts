import { keyHash } from '../../src/core/hash.ts'
import { ConfigError } from '../../src/errors.ts'
import type { CallOptions, ReadAnswer, Replica, VersionAnswer } from '../../src/replica.ts'
import { plainArray, textArray } from './postgres-arrays.ts'
import { PostgresConnections } from './postgres-connections.ts'
import { PostgresDatabase } from './postgres-database.ts'
import { readLineage } from './postgres-lineage.ts'
import { purgeMany } from './postgres-purge.ts'
import { putManyIfNewer } from './postgres-put.ts'
import { headAt, inPlaces, type Row, recordAt } from './postgres-rows.ts'
import { scanPages } from './postgres-scan.ts'
import {
  type PostgresSource,
  postgresGuarantees,
  postgresId,
  postgresLimits,
  readPostgresSource,
  tableDefault,
} from './postgres-source.ts'
import type { Statement } from './postgres-statements.ts'
import { postgresTable } from './postgres-table.ts'
import { storedKey } from './stored-key.ts'

export interface PostgresReplicaOptions {
  /** Names the replica in hints, events and errors. Default: the address, `postgres://host:5432/database`. */
  readonly id?: string
  /** The schema of the table. Default: that of the Keyv adapter it is made of, else `public`. */
  readonly schema?: string
  /** The replica's own table, created when it is missing. Default: `keyv_quorum`. */
  readonly table?: string
  /** The most connections at once; they are opened when they are needed. Default: 4. */
  readonly connectionsMax?: number
}

const connectionsMaxDefault = 4

/**
 * A replica in a table of its own in a PostgreSQL database, version 12 or later, that is not a standby.
 *
 * Each put is atomic: one `INSERT … ON CONFLICT DO UPDATE … WHERE` for a whole batch, which locks each row and compares
 * with what it holds then. The connections are the replica's own; nothing connects before the first call.
 *
 * @throws ConfigError when the source is not PostgreSQL, or an option is not what it should be
 */
export function postgresReplica(source: PostgresSource, options: PostgresReplicaOptions = {}): Replica {
  const read = readPostgresSource(source)
  if (read === null)
    throw new ConfigError('source', 'a postgres:// URI, a KeyvPostgres adapter, or a Pool or Client of pg')
  const connectionsMax = options.connectionsMax ?? connectionsMaxDefault
  if (!Number.isInteger(connectionsMax) || connectionsMax < 1)
    throw new ConfigError('connectionsMax', 'a whole number from 1')

  const table = postgresTable(options.schema ?? read.schema, options.table ?? tableDefault)
  const id = options.id ?? postgresId(read.settings, table.schema, table.name)
  const database = new PostgresDatabase(id, new PostgresConnections(id, read.settings, { connectionsMax }), table)

  function lookUp<Answer>(
    keys: readonly string[],
    { timeoutMs }: CallOptions,
    statement: Statement,
    read: (row: Row, key: string) => Answer,
  ): Promise<readonly (Answer | null)[]> {
    return database.callFor(keys, timeoutMs, async (run) => {
      const rows = await run(statement, [plainArray(keys.map(keyHash)), textArray(keys.map(storedKey))])
      return inPlaces(keys.length, rows, (row, index) => read(row, keys[index] ?? ''))
    })
  }

  return {
    id,
    guarantees: postgresGuarantees,
    limits: postgresLimits,

    getMany(keys, options): Promise<readonly ReadAnswer[]> {
      return lookUp(keys, options, database.statements.readRecords, (row, key) => recordAt(row, 1, key))
    },

    getVersions(keys, options): Promise<readonly VersionAnswer[]> {
      return lookUp(keys, options, database.statements.readHeads, (row, key) => headAt(row, 1, key))
    },

    putManyIfNewer(entries, { timeoutMs }) {
      return database.callFor(entries, timeoutMs, (run) => putManyIfNewer(database, run, entries))
    },

    purgeMany(heads, { timeoutMs }) {
      return database.callFor(heads, timeoutMs, (run) => purgeMany(database, run, heads))
    },

    scan(range, options) {
      return scanPages(database, range, options)
    },

    lineage({ timeoutMs }) {
      return database.call(timeoutMs, (run) => readLineage(database, run))
    },

    close() {
      return database.close()
    },
  }
}
