import type { ReplicaGuarantees, ReplicaLimits } from '../../src/replica.ts'
import { isPostgresUri, type PostgresAddress, parsePostgresUri } from './postgres-uri.ts'

/**
 * What a PostgreSQL replica can be made of: a URI (`postgres://…`, `postgresql://…`), a KeyvPostgres adapter of either
 * series, or a Pool or Client of `pg`. Only the address and the credentials are read out of it: the replica opens
 * connections of its own.
 */
export type PostgresSource = string | KeyvPostgresSource | PgPoolSource | PgClientSource

/** A KeyvPostgres adapter: series 6 shows its settings itself, the older one keeps them in `opts`. */
export type KeyvPostgresSource =
  | { readonly uri: string; readonly schema: string; readonly useUnloggedTable: boolean }
  | { readonly opts: { readonly dialect?: string; readonly uri?: string; readonly schema?: string } }

export interface PgPoolSource {
  readonly options: object
  readonly totalCount: number
  readonly idleCount: number
  readonly waitingCount: number
}

export interface PgClientSource {
  readonly host: string
  readonly port: number
  readonly database?: string | undefined
  query(...request: never): unknown
}

export const postgresGuarantees: ReplicaGuarantees = {
  putIfNewer: 'atomic',
  sharedBy: 'network',
  backend: 'postgres',
}

export const postgresLimits: ReplicaLimits = { batchKeysMax: 1000, callsInFlightMax: 2 }

export const schemaDefault = 'public'
export const tableDefault = 'keyv_quorum'

/** The settings of `pg` that say where a database is and how to get in. */
export type PgConnectionSettings = Readonly<Partial<Record<(typeof settingNames)[number], unknown>>>

const settingNames = [
  'connectionString',
  'host',
  'port',
  'user',
  'password',
  'database',
  'ssl',
  'sslnegotiation',
  'options',
  'stream',
  'enableChannelBinding',
  'scramMaxIterations',
] as const

export interface ReadPostgresSource {
  readonly settings: PgConnectionSettings
  readonly schema: string
}

/**
 * Names a source without connecting or loading a driver; null when it is not PostgreSQL.
 * The id is the database's address without user and password, `postgres://host:5432/database`.
 *
 * @throws ConfigError when it is a PostgreSQL URI that cannot be read
 */
export function describePostgresSource(source: unknown): { readonly id: string } | null {
  const read = readPostgresSource(source)
  return read === null ? null : { id: postgresId(read.settings, read.schema, tableDefault) }
}

/** @throws ConfigError when it is a PostgreSQL URI that cannot be read */
export function postgresId(settings: PgConnectionSettings, schema: string, table: string): string {
  const { host, port, database } = addressOf(settings)
  const marks = new URLSearchParams()
  if (schema !== schemaDefault) marks.set('schema', schema)
  if (table !== tableDefault) marks.set('table', table)
  const suffix = marks.size === 0 ? '' : `?${marks}`
  return `postgres://${hostText(host)}:${port}/${encodeURIComponent(database)}${suffix}`
}

export function readPostgresSource(source: unknown): ReadPostgresSource | null {
  if (typeof source === 'string') {
    return isPostgresUri(source) ? { settings: { connectionString: source }, schema: schemaDefault } : null
  }
  if (!isObject(source)) return null
  return readKeyvAdapter(source) ?? readOlderKeyvAdapter(source) ?? readPool(source) ?? readClient(source)
}

function readKeyvAdapter(source: Fields): ReadPostgresSource | null {
  if (typeof source.uri !== 'string' || typeof source.schema !== 'string') return null
  if (typeof source.useUnloggedTable !== 'boolean') return null
  const rest = isObject(source._poolConfig) ? source._poolConfig : {}
  const settings = pickSettings({ connectionString: source.uri, ssl: source.ssl }, rest)
  return { settings, schema: source.schema }
}

function readOlderKeyvAdapter({ opts }: Fields): ReadPostgresSource | null {
  if (!isObject(opts) || opts.dialect !== 'postgres') return null
  const settings = pickSettings({ connectionString: opts.uri }, opts)
  return { settings, schema: typeof opts.schema === 'string' ? opts.schema : schemaDefault }
}

function readPool(source: Fields): ReadPostgresSource | null {
  const counts = [source.totalCount, source.idleCount, source.waitingCount]
  if (!isObject(source.options) || counts.some((count) => typeof count !== 'number')) return null
  return { settings: pickSettings(source.options), schema: schemaDefault }
}

/** A Client has worked out its settings already. */
function readClient(source: Fields): ReadPostgresSource | null {
  const parameters = source.connectionParameters
  if (!isObject(parameters) || typeof source.query !== 'function' || parameters.port === undefined) return null
  return { settings: pickSettings(parameters), schema: schemaDefault }
}

/** Later ones win. Reads by name, because a password is hidden from logs by not being enumerable. */
function pickSettings(...given: readonly Fields[]): PgConnectionSettings {
  const picked: Fields = {}
  for (const fields of given) {
    for (const name of settingNames) {
      const setting = fields[name]
      if (setting !== undefined && setting !== null) picked[name] = setting
    }
  }
  return picked
}

/** The address that the driver will come to: a connection string outdoes the other settings, the environment fills up. */
function addressOf(settings: PgConnectionSettings): Required<Omit<PostgresAddress, 'user'>> {
  const { connectionString, host, port, database, user } = settings
  const given: PostgresAddress =
    typeof connectionString === 'string'
      ? parsePostgresUri(connectionString)
      : { ...textOf('host', host), ...textOf('port', port), ...textOf('database', database), ...textOf('user', user) }
  const { env } = process
  const userName = given.user ?? (env.PGUSER || env.USER || env.USERNAME || '')
  return {
    host: given.host ?? (env.PGHOST || 'localhost'),
    port: given.port ?? (env.PGPORT || '5432'),
    database: given.database ?? (env.PGDATABASE || userName),
  }
}

function textOf(name: string, setting: unknown): Readonly<Record<string, string>> {
  return setting === undefined || setting === '' ? {} : { [name]: String(setting) }
}

function hostText(host: string): string {
  if (host.startsWith('/')) return encodeURIComponent(host)
  return host.includes(':') ? `[${host}]` : host
}

type Fields = Record<string, unknown>

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}
