import { ReplicaError } from '../../src/errors.ts'
import type { PgClient, PgDriver, PgRequest } from './postgres-driver.ts'
import { connectError, endsConnection } from './postgres-errors.ts'
import type { Row } from './postgres-rows.ts'
import type { Statement } from './postgres-statement.ts'

/** Every field as the server wrote it, whatever parsers the application has set for the driver. */
const asText: PgRequest['types'] = { getTypeParser: () => (text) => text }

/** After so long without a request a connection is closed. */
const idleTimeoutMs = 60_000

/** One connection, used by one call at a time. Once it has ended, for whatever reason, it is of no more use. */
export class PostgresConnection {
  readonly #replica: string
  readonly #client: PgClient
  readonly #onEnd: (connection: PostgresConnection) => void
  #endReason: unknown = null
  #rejectRequest: (reason: unknown) => void = () => undefined
  #isStandby = false
  #hasStalePlans = false

  /** @param onEnd called once, when the connection ends without {@link end} having been called */
  constructor(replica: string, driver: PgDriver, settings: object, onEnd: (connection: PostgresConnection) => void) {
    this.#replica = replica
    this.#onEnd = onEnd
    this.#client = new driver.Client(settings)
    this.#client.on('error', (error) => this.end(error))
    this.#client.connection.on('parameterStatus', ({ parameterName, parameterValue }) => {
      if (parameterName === 'in_hot_standby') this.#isStandby = parameterValue === 'on'
    })
  }

  get isEnded(): boolean {
    return this.#endReason !== null
  }

  /** Prepared statements of this connection no longer fit the table; it is closed after the call. */
  get hasStalePlans(): boolean {
    return this.#hasStalePlans
  }

  noteStalePlans(): void {
    this.#hasStalePlans = true
  }

  async open(): Promise<void> {
    try {
      await this.#client.connect()
    } catch (error) {
      this.end(error)
    }
    // It may also have been ended from outside meanwhile.
    if (this.#endReason !== null) throw connectError(this.#replica, this.#endReason)
    if (this.#isStandby) {
      const error = standbyError(this.#replica)
      this.end(error)
      throw error
    }
    this.#client.connection.stream.on('timeout', () => this.close())
  }

  async request(statement: Statement, values?: readonly unknown[]): Promise<readonly Row[]> {
    if (this.#endReason !== null) throw this.#endReason
    const request = {
      ...statement,
      rowMode: 'array',
      types: asText,
      ...(values === undefined ? {} : { values }),
    } as const
    try {
      const { rows } = await new Promise<{ rows: readonly Row[] }>((resolve, reject) => {
        this.#rejectRequest = reject
        this.#client.query(request).then(resolve, reject)
      })
      return rows
    } catch (error) {
      if (endsConnection(error)) this.end(error)
      throw error
    }
  }

  /** Ends it without a word to the server, which may not be listening; a request under way rejects with the reason. */
  end(reason: unknown): void {
    if (this.#endReason !== null) return
    this.#endReason = reason
    this.#rejectRequest(reason)
    this.#client.connection.stream.destroy()
    this.#onEnd(this)
  }

  /** Says goodbye and does not wait for an answer. Only without a request under way. */
  close(): void {
    if (this.#endReason !== null) return
    this.#endReason = new Error('the connection was closed')
    this.#onEnd(this)
    this.#client.end().catch(() => undefined)
    const { stream } = this.#client.connection
    if (stream.destroySoon === undefined) stream.destroy()
    else stream.destroySoon()
  }

  /** An idle connection does not keep the process alive, and does not stay for ever. */
  rest(): void {
    const { stream } = this.#client.connection
    stream.unref?.()
    stream.setTimeout?.(idleTimeoutMs)
  }

  wake(): void {
    const { stream } = this.#client.connection
    stream.setTimeout?.(0)
    stream.ref?.()
  }
}

/** A standby answers reads with what it had a while ago: it must not vote. */
export function standbyError(replica: string): ReplicaError {
  return new ReplicaError('UNAVAILABLE', 'the server is a standby, whose answers may be old', { replica })
}
