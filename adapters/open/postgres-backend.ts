import * as v from 'valibot'
import type { PostgresReplicaOptions } from '../postgres/postgres-replica.ts'
import {
  type PostgresSource,
  postgresGuarantees,
  postgresId,
  postgresLimits,
  readPostgresSource,
  tableDefault,
} from '../postgres/postgres-source.ts'
import { postgresTable } from '../postgres/postgres-table.ts'
import type { Backend, OpenPlan } from './backend.ts'
import { withCredentials } from './credentials.ts'
import { commonSettings, countSetting, readSettings, required, textSetting } from './settings.ts'

/** A PostgreSQL replica as configuration files name it. */
export interface PostgresSettings extends PostgresReplicaOptions {
  readonly use: 'postgres'
  /** `postgres://host:port/database`. */
  readonly url: string
  /** In place of credentials in `url`; need not be percent-encoded. */
  readonly username?: string
  readonly password?: string
}

const schema = v.object({
  ...commonSettings,
  url: v.exactOptional(v.string('a postgres:// URI')),
  username: textSetting,
  password: textSetting,
  schema: textSetting,
  table: textSetting,
  connectionsMax: countSetting(1, 'connections'),
  changesMax: countSetting(0, 'batches'),
})

export const postgresBackend: Backend = {
  name: 'postgres',
  schemes: ['postgres://', 'postgresql://'],
  driver: 'pg',
  addressSetting: 'url',
  planSource: (source) => plan(source, {}),
  planSettings(settings, field) {
    const { url, username, password, ...options } = readSettings(schema, settings, field)
    const address = required(url, `${field}.url`, 'a postgres:// URI')
    return plan(withCredentials(address, { username, password }, field), options)
  },
}

function plan(source: unknown, options: PostgresReplicaOptions): OpenPlan | null {
  const read = readPostgresSource(source)
  if (read === null) return null
  const table = postgresTable(options.schema ?? read.schema, options.table ?? tableDefault)
  const id = options.id ?? postgresId(read.settings, table.schema, table.name)
  return {
    id,
    guarantees: postgresGuarantees,
    limits: postgresLimits,
    async load() {
      const [{ postgresReplica }, { loadPgDriver }] = await Promise.all([
        import('../postgres/postgres-replica.ts'),
        import('../postgres/postgres-driver.ts'),
      ])
      await loadPgDriver()
      return () => postgresReplica(source as PostgresSource, { ...options, id })
    },
  }
}
