import { ReplicaError } from '../../src/errors.ts'
import { systemRuntime } from '../../src/runtime.ts'
import { ConnectionProfiles } from './connection-profiles.ts'
import { PostgresConnection } from './postgres-connection.ts'
import { loadPgDriver } from './postgres-driver.ts'
import { connectError, requestError } from './postgres-errors.ts'
import type { PgConnectionSettings } from './postgres-source.ts'

export interface PostgresConnectionsOptions {
  /** The most connections at once, those being made included. */
  readonly connectionsMax: number
}

interface Waiter {
  readonly resolve: (connection: PostgresConnection) => void
  readonly reject: (error: ReplicaError) => void
}

/** More calls than that are refused: whoever sends them should join them into batches. */
const waitersMax = 1000

/** How long `close()` waits for calls under way. */
const closeGraceMs = 2000

const { clock, timers } = systemRuntime

/**
 * The replica's own connections: made when they are needed, kept while they are used.
 *
 * The driver's own pool is not used, because its queue cannot be left when a call's time is over, a connection under
 * way is dropped with the call that asked for it (with a short time limit none would ever be made), and a connection
 * to a frozen server stays in its hands.
 */
export class PostgresConnections {
  readonly #replica: string
  readonly #profiles: ConnectionProfiles
  readonly #connectionsMax: number
  readonly #idle: PostgresConnection[] = []
  readonly #busy = new Set<PostgresConnection>()
  readonly #opening = new Set<PostgresConnection>()
  readonly #waiters = new Set<Waiter>()
  #attempts = 0
  #isClosed = false
  #onBusyOver: () => void = () => undefined
  #closing: Promise<void> | null = null

  constructor(replica: string, settings: PgConnectionSettings, options: PostgresConnectionsOptions) {
    this.#replica = replica
    this.#profiles = new ConnectionProfiles(settings)
    this.#connectionsMax = options.connectionsMax
  }

  /**
   * Runs a call on a connection of its own. When its time is over it rejects with `TIMEOUT`, and the connection, which
   * may never answer, is destroyed.
   */
  async run<Answer>(timeoutMs: number, work: (connection: PostgresConnection) => Promise<Answer>): Promise<Answer> {
    this.assertOpen()
    const startedMs = clock.monotonicMs()
    const connection = this.#takeIdle() ?? (await this.#wait(timeoutMs))
    this.#busy.add(connection)
    const cancel = timers.after(Math.max(0, timeoutMs - (clock.monotonicMs() - startedMs)), () => {
      connection.end(this.#error('TIMEOUT', `no answer within ${timeoutMs} ms; a write may have been carried out`))
    })
    try {
      return await work(connection)
    } catch (error) {
      throw requestError(this.#replica, error)
    } finally {
      cancel()
      this.#busy.delete(connection)
      this.#release(connection)
    }
  }

  assertOpen(): void {
    if (this.#isClosed) throw this.#error('CLOSED', 'it was closed')
  }

  /** Calls under way may end, for a moment; whoever waits for a connection is turned away. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#isClosed = true
    this.#rejectWaiters(this.#error('CLOSED', 'it was closed'))
    for (const connection of this.#idle.splice(0)) connection.close()
    for (const connection of this.#opening) connection.end(this.#error('CLOSED', 'it was closed'))
    if (this.#busy.size === 0) return
    const cancel = timers.after(closeGraceMs, () => {
      const cut = this.#error('TIMEOUT', 'it was closed before an answer; a write may have been carried out')
      for (const connection of this.#busy) connection.end(cut)
    })
    await new Promise<void>((resolve) => {
      this.#onBusyOver = resolve
    })
    cancel()
  }

  #takeIdle(): PostgresConnection | null {
    const connection = this.#idle.pop() ?? null
    connection?.wake()
    return connection
  }

  #wait(timeoutMs: number): Promise<PostgresConnection> {
    return new Promise((resolve, reject) => {
      if (this.#waiters.size >= waitersMax) {
        reject(this.#error('UNAVAILABLE', `${waitersMax} calls wait for a connection already`))
        return
      }
      const cancel = timers.after(timeoutMs, () => {
        this.#waiters.delete(waiter)
        reject(this.#error('TIMEOUT', `no connection within ${timeoutMs} ms; nothing was sent`))
      })
      const waiter: Waiter = {
        resolve: (connection) => {
          cancel()
          resolve(connection)
        },
        reject: (error) => {
          cancel()
          reject(error)
        },
      }
      this.#waiters.add(waiter)
      this.#openWhatIsMissing()
    })
  }

  #release(connection: PostgresConnection): void {
    if (connection.isEnded) this.#openWhatIsMissing()
    else if (this.#isClosed || connection.hasStalePlans) this.#retire(connection)
    else this.#offer(connection)
    if (this.#busy.size === 0) this.#onBusyOver()
  }

  #retire(connection: PostgresConnection): void {
    connection.close()
    this.#openWhatIsMissing()
  }

  #offer(connection: PostgresConnection): void {
    const [waiter] = this.#waiters
    if (waiter === undefined) {
      connection.rest()
      this.#idle.push(connection)
      return
    }
    this.#waiters.delete(waiter)
    // It is the waiter's from now on, although that one has its turn later.
    this.#busy.add(connection)
    waiter.resolve(connection)
  }

  #openWhatIsMissing(): void {
    while (!this.#isClosed && this.#attempts < this.#waiters.size && this.#size < this.#connectionsMax) this.#open()
  }

  get #size(): number {
    return this.#idle.length + this.#busy.size + this.#attempts
  }

  #open(): void {
    this.#attempts += 1
    this.#connect().then(
      (connection) => {
        this.#attempts -= 1
        if (this.#isClosed) connection.close()
        else this.#offer(connection)
      },
      (error: unknown) => {
        this.#attempts -= 1
        // A connection that works will serve those who wait; without one, they know now what is wrong.
        if (this.#busy.size === 0) this.#rejectWaiters(connectError(this.#replica, error))
      },
    )
  }

  async #connect(): Promise<PostgresConnection> {
    const driver = await this.#loadDriver()
    for (;;) {
      const settings = this.#profiles.current()
      const connection = new PostgresConnection(this.#replica, driver, settings, (ended) => this.#forget(ended))
      this.#opening.add(connection)
      if (this.#isClosed) connection.end(this.#error('CLOSED', 'it was closed'))
      try {
        await connection.open()
        return connection
      } catch (error) {
        if (this.#isClosed || !this.#profiles.lower(settings, error)) throw error
      } finally {
        this.#opening.delete(connection)
      }
    }
  }

  async #loadDriver() {
    try {
      return await loadPgDriver()
    } catch (cause) {
      const message = 'the driver could not be loaded; is the package pg installed?'
      throw new ReplicaError('UNAVAILABLE', message, { replica: this.#replica, cause })
    }
  }

  #forget(connection: PostgresConnection): void {
    const index = this.#idle.indexOf(connection)
    if (index >= 0) this.#idle.splice(index, 1)
  }

  #rejectWaiters(error: ReplicaError): void {
    const waiters = [...this.#waiters]
    this.#waiters.clear()
    for (const waiter of waiters) waiter.reject(error)
  }

  #error(code: 'CLOSED' | 'TIMEOUT' | 'UNAVAILABLE', message: string): ReplicaError {
    return new ReplicaError(code, message, { replica: this.#replica })
  }
}
