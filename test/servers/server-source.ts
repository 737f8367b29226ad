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
