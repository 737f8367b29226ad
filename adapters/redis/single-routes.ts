import { exchange } from './exchange.ts'
import { allIndexes, type RedisBatch } from './redis-batch.ts'
import type { RedisCall } from './redis-call.ts'
import type { RedisConnection } from './redis-connection.ts'
import { firstWord, type RedisFailures } from './redis-failures.ts'
import type { RedisLink } from './redis-link.ts'
import type { RedisRoutes } from './redis-routes.ts'
import type { StoredKeys } from './stored-keys.ts'

export const singleName = 'master'

/** One server that holds everything: the one that was named, or the master that sentinels lead to. */
export class SingleRoutes implements RedisRoutes {
  readonly markKeys: readonly string[]
  readonly isOneSlot = true
  readonly #connection: RedisConnection
  readonly #failures: RedisFailures

  constructor(connection: RedisConnection, stored: StoredKeys, failures: RedisFailures) {
    this.#connection = connection
    this.#failures = failures
    this.markKeys = [stored.markKey(0)]
  }

  async perform(batch: RedisBatch, call: RedisCall): Promise<void> {
    const failures = this.#failures
    const link = await this.#connection.link(call)
    const requests = batch.requests(allIndexes(batch.keys.length), false)
    const answers = await exchange({ link, call, failures, changes: batch.changes }, requests)
    const refused = answers.find((answer) => link.isError(answer))
    if (link.isError(refused)) throw this.#refusal(batch, refused, answers, link)
    for (const [place, request] of requests.entries()) batch.accept(request, answers[place])
  }

  async masters(call: RedisCall): Promise<readonly RedisLink[]> {
    return [await this.#connection.link(call)]
  }

  linkTo(_name: string, call: RedisCall): Promise<RedisLink> {
    return this.#connection.link(call)
  }

  async layout(): Promise<string> {
    return ''
  }

  nameFor(): string {
    return singleName
  }

  shut(): void {
    this.#connection.shut()
  }

  close(): void {
    this.#connection.close()
  }

  #refusal(batch: RedisBatch, refused: Error, answers: readonly unknown[], link: RedisLink): Error {
    // The server follows another one now: sentinels, or a new look-up of its name, may tell which.
    if (firstWord(refused) === 'READONLY') this.#connection.retire()
    const failure = this.#failures.ofReply(refused)
    const isPartDone = batch.changes && answers.some((answer) => !link.isError(answer))
    return isPartDone && failure.code === 'UNAVAILABLE' ? this.#failures.timeout(failure.reason, refused) : failure
  }
}
