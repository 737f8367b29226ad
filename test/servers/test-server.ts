export type ServerSourceKind = 'url' | 'testcontainers' | 'binary'

/** A real server for a test. Ready (it has answered a real request) whenever a promise of this interface has resolved. */
export interface TestServer extends AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly source: ServerSourceKind
  /** False for a server that was given by URL: it is shared with others, so every method that breaks it throws. */
  readonly controllable: boolean
  /** SIGSTOP to all its processes: it accepts connections and never answers. */
  freeze(): void
  thaw(): void
  /** SIGKILL, also when frozen; resolves when the processes are gone. Does nothing when the server is down. */
  kill(): Promise<void>
  /** Starts it again after {@link kill} or {@link stop}, on the same port, with the data as it was on disk. */
  start(): Promise<void>
  /** Kills it, forgets its data and starts it on the same port. */
  restartEmpty(): Promise<void>
  /**
   * An orderly shutdown, or SIGKILL when it is frozen. Data stays on disk until the server is disposed of or
   * the test's process ends.
   */
  stop(): Promise<void>
}
