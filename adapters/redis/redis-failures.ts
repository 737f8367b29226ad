import { ReplicaError, type ReplicaErrorCode, thrownText } from '../../src/errors.ts'

/** First words of answers by which a server refuses every command for now, this one included. */
const unavailableWords = new Set(['LOADING', 'BUSY', 'CLUSTERDOWN', 'MASTERDOWN', 'TRYAGAIN', 'MOVED', 'ASK'])

/** What goes wrong between a replica and its servers, as the errors that the replica rejects with. */
export class RedisFailures {
  readonly #replica: string

  constructor(replica: string) {
    this.#replica = replica
  }

  unavailable(reason: string, cause?: unknown): ReplicaError {
    return this.#failure('UNAVAILABLE', reason, cause)
  }

  timeout(reason: string, cause?: unknown): ReplicaError {
    return this.#failure('TIMEOUT', reason, cause)
  }

  corrupt(reason: string): ReplicaError {
    return this.#failure('CORRUPT', reason)
  }

  rejected(reason: string, cause?: unknown): ReplicaError {
    return this.#failure('REJECTED', reason, cause)
  }

  closed(): ReplicaError {
    return this.#failure('CLOSED', 'it was closed')
  }

  /** The server answered with an error. */
  ofReply(reply: Error): ReplicaError {
    const isForNow = unavailableWords.has(firstWord(reply)) || /^ERR max number of clients/.test(reply.message)
    return this.#failure(isForNow ? 'UNAVAILABLE' : 'REJECTED', `the server answered ${thrownText(reply)}`, reply)
  }

  /** The same failure for another call. */
  again(failure: ReplicaError): ReplicaError {
    return this.#failure(failure.code, failure.reason, failure.cause)
  }

  #failure(code: ReplicaErrorCode, reason: string, cause?: unknown): ReplicaError {
    return new ReplicaError(code, reason, { replica: this.#replica, ...(cause === undefined ? {} : { cause }) })
  }
}

/** What an error answer is about: `MOVED`, `NOSCRIPT`, `OOM`, … */
export function firstWord(reply: Error): string {
  const end = reply.message.indexOf(' ')
  return end < 0 ? reply.message : reply.message.slice(0, end)
}

/** The text of any error; one that gathers others says nothing itself. */
export function errorText(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(errorText).join(', ')
  if (error instanceof ReplicaError) return error.reason
  return thrownText(error)
}
