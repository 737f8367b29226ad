/** A place that servers come from. */
export type ServerSource = GivenServers | ContainerImage | ServerBinary

/** Running servers that the caller named: shared with others, so nothing but data of our own is touched. */
export interface GivenServers {
  readonly kind: 'url'
  readonly urls: readonly string[]
}

/** An image that a Docker engine of this machine has, or has just fetched. */
export interface ContainerImage {
  readonly kind: 'testcontainers'
  readonly image: string
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

/** In order of preference: given URLs, if any, and then one source that a test can control. */
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
  if (text !== undefined) return JSON.parse(text) as ServerSources
  const { decideSources } = await import('./decide-sources.ts')
  return decideSources(() => undefined)
}
