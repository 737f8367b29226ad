import * as v from 'valibot'
import { ConfigError } from '../../src/errors.ts'
import type { SqliteReplicaOptions } from '../sqlite/sqlite-replica.ts'
import { assertTableName } from '../sqlite/sqlite-schema.ts'
import { describeSqliteSource, sqliteGuarantees, sqliteLimits } from '../sqlite/sqlite-source.ts'
import type { Backend, OpenPlan } from './backend.ts'
import { assertNoCredentials } from './misplaced-credentials.ts'
import { commonSettings, countSetting, readSettings, required, textSetting } from './settings.ts'

/** A SQLite replica as configuration files name it. */
export interface SqliteSettings extends Omit<SqliteReplicaOptions, 'runtime'> {
  readonly use: 'sqlite'
  /** The file, relative to the working directory; created if need be. */
  readonly path: string
}

const aPath = 'the path of a file, or :memory:'
const schema = v.object({
  ...commonSettings,
  path: v.exactOptional(v.string(aPath)),
  table: textSetting,
  changesMax: countSetting(0, 'batches'),
})

const scheme = 'sqlite://'

export const sqliteBackend: Backend = {
  name: 'sqlite',
  schemes: [scheme],
  driver: null,
  addressSetting: 'path',
  planSource(source) {
    // SQLite would take no path for a temporary database: nobody who writes a URI means that.
    if (source === scheme) throw new ConfigError('source', 'a path after sqlite://, such as sqlite://./cache.db')
    if (typeof source === 'string' && source.startsWith(scheme)) {
      assertNoCredentials(source.slice(scheme.length), 'source')
    }
    return plan(source, {})
  },
  planSettings(settings, field) {
    const { path, ...options } = readSettings(schema, settings, field)
    const address = required(path, `${field}.path`, aPath)
    if (address === '') throw new ConfigError(`${field}.path`, `${aPath}, not an empty string`)
    if (address.startsWith(scheme)) throw new ConfigError(`${field}.path`, `${aPath}, without ${scheme}`)
    return plan({ path: address }, options)
  },
}

function plan(source: unknown, options: SqliteReplicaOptions): OpenPlan | null {
  const described = describeSqliteSource(source)
  if (described === null) return null
  if (options.table !== undefined) assertTableName(options.table)
  const { path } = described
  const id = options.id ?? (options.table === undefined ? described.id : `${described.id}#${options.table}`)
  return {
    id,
    guarantees: sqliteGuarantees(path),
    limits: sqliteLimits,
    async load() {
      const { sqliteReplica } = await import('../sqlite/sqlite-replica.ts')
      // The path as it was when the store was made: the working directory may have changed since.
      return () => sqliteReplica({ path }, { ...options, id })
    },
  }
}
