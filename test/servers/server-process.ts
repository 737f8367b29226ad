/** The running part of a server, wherever it runs: here as a child process, or in a container. */
export interface ServerProcess {
  readonly source: 'testcontainers' | 'binary'
  /** Where its ports are reached. */
  readonly host: string
  /** Resolves when it is launched, which is before it answers requests. */
  launch(): Promise<void>
  isRunning(): Promise<boolean>
  freeze(): void
  thaw(): void
  kill(): Promise<void>
  stop(): Promise<void>
  /** Forgets all data; only while the server is down. */
  wipe(): Promise<void>
  /** Gives up what it holds, its data too; only while the server is down, and nothing works after that. */
  discard(): Promise<void>
  /** The end of what the server printed, for error messages. */
  outputTail(): Promise<string>
}
