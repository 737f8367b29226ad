import { ReplicaError } from '../../src/errors.ts'
import type { Runtime } from '../../src/runtime.ts'
import type { Dial } from './dial.ts'
import type { RedisCall } from './redis-call.ts'
import { errorText, type RedisFailures } from './redis-failures.ts'
import type { RedisLink } from './redis-link.ts'

export interface RedisConnectionParts {
  readonly dial: Dial
  readonly connectTimeoutMs: number
  readonly failures: RedisFailures
  readonly runtime: Runtime
}

/** After a failed attempt, calls fail at once for this long, doubled by every further failure; less up to a half by chance. */
const retryDelayMinMs = 10
const retryDelayMaxMs = 500

/**
 * The way to one server: a link that is made when a call needs it, and made anew after it broke.
 *
 * There is no reconnecting in the background, so nothing is left running, and nothing can be queued: calls that come
 * while a connection is being made wait for that attempt, and share its failure.
 */
export class RedisConnection {
  readonly #parts: RedisConnectionParts
  readonly #retired = new Set<RedisLink>()
  #link: RedisLink | null = null
  #opening: Promise<RedisLink> | null = null
  #attempt: AbortController | null = null
  #lastFailure: ReplicaError | null = null
  #failuresInRow = 0
  #retryAtMs = 0
  #isClosed = false

  constructor(parts: RedisConnectionParts) {
    this.#parts = parts
  }

  /** @throws ReplicaError `UNAVAILABLE`, `REJECTED` (the server refused the login) or `CLOSED` */
  async link(call: RedisCall): Promise<RedisLink> {
    const link = this.#link?.isUsable ? this.#link : await this.#opened()
    if (call.isOver) throw this.#parts.failures.timeout('its time was over before anything was sent')
    return link
  }

  get isConnected(): boolean {
    return this.#link?.isUsable === true
  }

  /** Whether a link could be had or tried for now, rather than the last failure once more. */
  get isWorthTrying(): boolean {
    return this.isConnected || this.#parts.runtime.clock.monotonicMs() >= this.#retryAtMs
  }

  /** Takes no new calls over its link; those under way go on. */
  retire(): void {
    if (this.#link === null) return
    this.#link.retire()
    this.#keepUntilIdle(this.#link)
    this.#link = null
  }

  /** Makes no more links: calls that wait for one reject with `CLOSED`, and nothing of them was sent. */
  shut(): void {
    this.#isClosed = true
    this.#attempt?.abort(this.#parts.failures.closed())
  }

  close(): void {
    this.shut()
    this.#link?.destroy()
    for (const link of this.#retired) link.destroy()
    this.#retired.clear()
  }

  #opened(): Promise<RedisLink> {
    const { failures, runtime } = this.#parts
    if (this.#isClosed) return Promise.reject(failures.closed())
    if (this.#opening !== null) return this.#opening
    if (this.#lastFailure !== null && runtime.clock.monotonicMs() < this.#retryAtMs) {
      return Promise.reject(failures.again(this.#lastFailure))
    }
    this.retire()
    this.#opening = this.#open()
    return this.#opening
  }

  async #open(): Promise<RedisLink> {
    const { dial, connectTimeoutMs, failures, runtime } = this.#parts
    const attempt = new AbortController()
    this.#attempt = attempt
    const cancel = runtime.timers.after(connectTimeoutMs, () => {
      attempt.abort(failures.unavailable(`no connection within ${connectTimeoutMs} ms`))
    })
    try {
      const link = await dial(attempt.signal)
      this.#failuresInRow = 0
      this.#lastFailure = null
      this.#link = link
      return link
    } catch (error) {
      throw this.#failed(error)
    } finally {
      cancel()
      this.#attempt = null
      this.#opening = null
    }
  }

  #failed(error: unknown): ReplicaError {
    const { failures, runtime } = this.#parts
    const failure = error instanceof ReplicaError ? error : failures.unavailable(errorText(error), error)
    const delayMs = Math.min(retryDelayMinMs * 2 ** this.#failuresInRow, retryDelayMaxMs)
    this.#failuresInRow += 1
    this.#lastFailure = failure
    this.#retryAtMs = runtime.clock.monotonicMs() + delayMs * (1 - runtime.random.fraction() / 2)
    return failure
  }

  #keepUntilIdle(link: RedisLink): void {
    for (const retired of this.#retired) {
      if (retired.isIdle) this.#retired.delete(retired)
    }
    if (!link.isIdle) this.#retired.add(link)
  }
}
