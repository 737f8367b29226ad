import { keyHash } from '../../src/core/hash.ts'
import { ConfigError } from '../../src/errors.ts'
import type { CallOptions, ReadAnswer, Replica, VersionAnswer } from '../../src/replica.ts'
import { systemRuntime } from '../../src/runtime.ts'
import { ChangesTrimming } from './changes-trimming.ts'
import { plainArray, textArray } from './postgres-arrays.ts'
import { changesSteps } from './postgres-changes.ts'
import { PostgresConnections } from './postgres-connections.ts'
import { PostgresDatabase } from './postgres-database.ts'
import { digestSteps } from './postgres-digest.ts'
import { purgeMany } from './postgres-purge.ts'
import { putManyIfNewer } from './postgres-put.ts'
import { inPlaces, type Row, recordAt, storedHeadAt } from './postgres-rows.ts'
import { scanPages } from './postgres-scan.ts'
import {
  type PostgresSource,
  postgresGuarantees,
  postgresId,
  postgresLimits,
  readPostgresSource,
  tableDefault,
} from './postgres-source.ts'
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
  /**
   * How many batches of puts the log of changes keeps, in a table beside the replica's, `keyv_quorum_changes`. 0 for no
   * log: then sweeps compare whole digests, in every process that uses the table. Default: 100,000.
   */
  readonly changesMax?: number
}

const connectionsMaxDefault = 4
const changesMaxDefault = 100_000

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
  const connectionsMax = wholeFrom(1, 'connectionsMax', options.connectionsMax ?? connectionsMaxDefault)
  const changesMax = wholeFrom(0, 'changesMax', options.changesMax ?? changesMaxDefault)
  const table = postgresTable(options.schema ?? read.schema, options.table ?? tableDefault)
  const id = options.id ?? postgresId(read.settings, table.schema, table.name)
  const connections = new PostgresConnections(id, read.settings, { connectionsMax })
  const database = new PostgresDatabase(id, connections, table, { isLogged: changesMax > 0 })
  const trimming = new ChangesTrimming(database, changesMax, systemRuntime.random)

  return {
    id,
    guarantees: postgresGuarantees,
    limits: postgresLimits,

    getMany(keys, options): Promise<readonly ReadAnswer[]> {
      return lookUp(database, keys, options, 'readRecords', (row, key) => recordAt(row, 1, key))
    },

    getVersions(keys, options): Promise<readonly VersionAnswer[]> {
      return lookUp(database, keys, options, 'readHeads', (row, key) => storedHeadAt(row, 1, key))
    },

    async putManyIfNewer(entries, { timeoutMs }) {
      const outcomes = await database.callFor(entries, timeoutMs, (run) => putManyIfNewer(id, run, entries))
      trimming.maybeTrim()
      return outcomes
    },

    purgeMany(heads, { timeoutMs }) {
      return database.callFor(heads, timeoutMs, (run) => purgeMany(run, heads))
    },

    scan(range, options) {
      return scanPages(database, database.vouching, range, options)
    },

    digest(range, options) {
      return digestSteps(database, database.vouching, range, options)
    },

    ...(changesMax === 0 ? {} : { changes: changesOf(database) }),

    lineage({ timeoutMs }) {
      return database.tellLineage(timeoutMs)
    },

    close() {
      return database.close()
    },
  }
}

function lookUp<Answer>(
  database: PostgresDatabase,
  keys: readonly string[],
  { timeoutMs }: CallOptions,
  statement: 'readRecords' | 'readHeads',
  read: (row: Row, key: string) => Answer,
): Promise<readonly (Answer | null)[]> {
  return database.callFor(keys, timeoutMs, async (run) => {
    const rows = await run(statement, [plainArray(keys.map(keyHash)), textArray(keys.map(storedKey))])
    return inPlaces(keys.length, rows, (row, index) => read(row, keys[index] ?? ''))
  })
}

function changesOf(database: PostgresDatabase): NonNullable<Replica['changes']> {
  return (after, options) => changesSteps(database, database.vouching, after, options)
}

function wholeFrom(least: number, field: 'connectionsMax' | 'changesMax', value: number): number {
  if (!Number.isInteger(value) || value < least) throw new ConfigError(field, `a whole number from ${least}`)
  return value
}
