import type { Driver, DriverClient, RedisArgument } from './driver.ts'
import type { RedisCall } from './redis-call.ts'
import { errorText, type RedisFailures } from './redis-failures.ts'

export interface RedisLinkParts {
  /** Names the server among those of the replica: the same after it was replaced. */
  readonly name: string
  /** Where it is now, as its own kind calls it. */
  readonly address: string
  readonly client: DriverClient
  readonly driver: Driver
  readonly failures: RedisFailures
  /** Changes when the server may have lost writes or is another one. */
  readonly identity: string
  readonly runId: string
}

/** One connection to one server, ready for commands until it breaks or is retired; then another takes its place. */
export class RedisLink {
  readonly name: string
  readonly address: string
  readonly runId: string
  identity: string
  readonly #client: DriverClient
  readonly #driver: Driver
  readonly #failures: RedisFailures
  #sendsWaiting = 0
  #isRetired = false

  constructor(parts: RedisLinkParts) {
    this.name = parts.name
    this.address = parts.address
    this.runId = parts.runId
    this.identity = parts.identity
    this.#client = parts.client
    this.#driver = parts.driver
    this.#failures = parts.failures
  }

  get isUsable(): boolean {
    return !this.#isRetired && this.#client.isReady
  }

  /**
   * Sends commands in one go; what several callers send in one turn goes out together.
   *
   * @returns their replies in order; an error that the server answered is a reply, see {@link isError}
   * @throws ReplicaError `TIMEOUT` when the connection breaks before all replies are there
   */
  send(commands: readonly (readonly RedisArgument[])[], call: RedisCall): Promise<unknown[]> {
    return new Promise((resolve, reject) => {
      const replies = new Array<unknown>(commands.length)
      let missing = commands.length
      let isWaiting = true
      const stopWaiting = () => {
        if (!isWaiting) return
        isWaiting = false
        call.stopWaiting(giveUp)
        this.#sendsWaiting -= 1
        this.#destroyIfDone()
      }
      const giveUp = () => {
        this.#isRetired = true
        stopWaiting()
        reject(this.#failures.timeout('given up'))
      }
      const settle = (index: number, reply: unknown) => {
        replies[index] = reply
        missing -= 1
        if (missing > 0) return
        stopWaiting()
        resolve(replies)
      }
      this.#sendsWaiting += 1
      call.wait(giveUp)
      for (let index = 0; index < commands.length; index += 1) {
        this.#client.sendCommand(commands[index] ?? []).then(
          (reply) => settle(index, reply),
          (error: unknown) => {
            if (this.isError(error)) return settle(index, error)
            reject(this.#failures.timeout(`the connection was lost before the answer: ${errorText(error)}`, error))
            giveUp()
          },
        )
      }
    })
  }

  isError(reply: unknown): reply is Error {
    return reply instanceof this.#driver.ErrorReply
  }

  /** Takes no new calls, and closes when those under way have their answers or have given up. */
  retire(): void {
    this.#isRetired = true
    this.#destroyIfDone()
  }

  /** Closes at once; calls under way reject. */
  destroy(): void {
    this.#isRetired = true
    destroyClient(this.#client)
  }

  get isIdle(): boolean {
    return this.#sendsWaiting === 0
  }

  #destroyIfDone(): void {
    if (this.#isRetired && this.#sendsWaiting === 0) destroyClient(this.#client)
  }
}

/** The driver's series 5 throws for a client that is closed already. */
export function destroyClient(client: DriverClient): void {
  try {
    client.destroy()
  } catch {
    // It is closed, as it should be.
  }
}
