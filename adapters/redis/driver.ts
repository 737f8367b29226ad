import type { RedisClientOptions } from './redis-target.ts'

export type RedisArgument = string | Buffer

/** The part of a client of `@redis/client` that is used. */
export interface DriverClient {
  readonly isReady: boolean
  on(event: 'error' | 'connect' | 'end', listener: (error: unknown) => void): unknown
  connect(): Promise<unknown>
  /** Rejects with an `ErrorReply` when the server answered with an error, and with another error otherwise. */
  sendCommand(args: readonly RedisArgument[]): Promise<unknown>
  destroy(): void
}

/** The part of `@redis/client`, 5.10 or later, that is used. */
export interface Driver {
  createClient(options: object): DriverClient
  readonly ErrorReply: new (message: string) => Error
}

export async function loadDriver(): Promise<Driver> {
  const driver: unknown = await import('@redis/client')
  return driver as Driver
}

/**
 * Options of the user, made safe for a replica: nothing queues while there is no connection, nothing reconnects behind
 * our back, and no command carries a timer of its own (3 to 5 µs each, and none frees the connection to a frozen
 * server). What would change keys or answers is left out.
 */
export function safeOptions(options: RedisClientOptions, connectTimeoutMs: number): object {
  const {
    scripts: _scripts,
    functions: _functions,
    modules: _modules,
    keyPrefix: _keyPrefix,
    clientSideCache: _clientSideCache,
    emitInvalidate: _emitInvalidate,
    commandsQueueMaxLength: _commandsQueueMaxLength,
    pingInterval: _pingInterval,
    readonly: _readonly,
    ...kept
  } = options
  const { socketTimeout: _socketTimeout, ...socket } = options.socket ?? {}
  return {
    ...kept,
    RESP: 2,
    disableOfflineQueue: true,
    commandOptions: { timeout: undefined },
    maintNotifications: 'disabled',
    socket: { ...socket, connectTimeout: connectTimeoutMs, reconnectStrategy: false },
  }
}
