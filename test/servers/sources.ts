import { findPostgres, findRedis } from './binaries.ts'

/** A place that servers come from. */
export type ServerSource = GivenServers | ServerBinary

/** Running servers that the caller named: shared with others, so nothing but data of our own is touched. */
export interface GivenServers {
  readonly kind: 'url'
  readonly urls: readonly string[]
}

/** A server program on this machine. */
export interface ServerBinary {
  readonly kind: 'binary'
  /** The folder of `redis-server`, or of `postgres` and `initdb`. */
  readonly folder: string
  readonly version: string
  /** Folders of shared libraries that the program needs and the system does not have. */
  readonly libraryPath?: string
}

/** In the order they are tried; at most one of each kind. */
export interface ServerSources {
  readonly redis: readonly ServerSource[]
  readonly postgres: readonly ServerSource[]
}

/** Hands the decision of the test run on to its worker processes. */
const decisionVariable = 'KEYV_QUORUM_TEST_SERVER_SOURCES'

let decided: Promise<ServerSources> | undefined

/** Where servers come from: decided once a test run, or once a process outside of one. */
export function serverSources(): Promise<ServerSources> {
  decided ??= readDecision()
  return decided
}

export function publishSources(sources: ServerSources): void {
  process.env[decisionVariable] = JSON.stringify(sources)
  decided = Promise.resolve(sources)
}

async function readDecision(): Promise<ServerSources> {
  const text = process.env[decisionVariable]
  return text === undefined ? decideSources() : (JSON.parse(text) as ServerSources)
}

export async function decideSources(): Promise<ServerSources> {
  const redis = [...given('TEST_REDIS_URL'), ...found(await findRedis())]
  const postgres = [...given('TEST_POSTGRES_URL'), ...found(await findPostgres())]
  if (redis.length === 0) throw new Error(nothingFound('Redis', 'TEST_REDIS_URL'))
  if (postgres.length === 0) throw new Error(nothingFound('PostgreSQL', 'TEST_POSTGRES_URL'))
  return { redis, postgres }
}

export function describeSources(sources: ServerSources): string {
  const redis = sources.redis.map((source) => describe('redis', source))
  const postgres = sources.postgres.map((source) => describe('PostgreSQL', source))
  return `servers: ${[...redis, ...postgres].join(', ')}`
}

function describe(server: string, source: ServerSource): string {
  if (source.kind === 'binary') return `${server} ${source.version} from ${source.folder}`
  const hosts = source.urls.map((url) => new URL(url).host)
  return `${server} at ${hosts.join(' and ')} (given by URL)`
}

function nothingFound(server: string, variable: string): string {
  return `there is no ${server} server for the tests: install one, start a Docker engine, or set ${variable}`
}

function given(variable: string): GivenServers[] {
  const urls = (process.env[variable] ?? '')
    .split(',')
    .map((url) => url.trim())
    .filter((url) => url !== '')
  return urls.length === 0 ? [] : [{ kind: 'url', urls }]
}

function found(binary: ServerBinary | null): ServerBinary[] {
  return binary === null ? [] : [binary]
}
