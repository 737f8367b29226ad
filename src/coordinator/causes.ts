import { asReplicaError, QuorumError, type QuorumOperation, ReplicaError } from '../errors.ts'
import type { CoordinatorContext } from './context.ts'

/** Why the replicas of one operation did not count, collected on the way to a possible `QuorumError`. */
export class Causes {
  readonly #context: CoordinatorContext
  readonly #errors = new Map<string, ReplicaError>()
  /** By replica: how many calls of the operation it has not answered yet. */
  readonly #unanswered: number[]

  constructor(context: CoordinatorContext) {
    this.#context = context
    this.#unanswered = context.replicas.map(() => 0)
  }

  /** Passes the answer of a call on, and knows until then that the replica owes it. */
  async watch<Answer>(replica: number, call: Promise<Answer>): Promise<Answer> {
    this.#count(replica, 1)
    try {
      return await call
    } finally {
      this.#count(replica, -1)
    }
  }

  /** The operation's time is over: names every replica that still owes an answer. */
  addLate(deadlineMs: number): void {
    for (const [replica, { id }] of this.#context.replicas.entries()) {
      if (this.#unanswered[replica] === 0 || this.#errors.has(id)) continue
      this.add(
        replica,
        new ReplicaError('TIMEOUT', `no answer within the operation's ${deadlineMs} ms`, { replica: id }),
      )
    }
  }

  add(replica: number, error: unknown): ReplicaError {
    const id = this.#context.replicas[replica]?.id ?? String(replica)
    const replicaError = asReplicaError(id, error)
    this.#errors.set(id, replicaError)
    return replicaError
  }

  addCorrupt(replica: number, reason: string): void {
    const id = this.#context.replicas[replica]?.id ?? String(replica)
    this.add(replica, new ReplicaError('CORRUPT', reason, { replica: id }))
  }

  quorumError(lost: LostQuorum): QuorumError {
    const { operation, keysFailed, acked, needed } = lost
    this.#context.events.emit({ type: 'quorum-lost', operation, keys: keysFailed, acked, needed })
    return new QuorumError({ ...lost, replicas: this.#context.replicas.length, causes: new Map(this.#errors) })
  }

  #count(replica: number, change: 1 | -1): void {
    this.#unanswered[replica] = (this.#unanswered[replica] ?? 0) + change
  }
}

export interface LostQuorum {
  readonly operation: QuorumOperation
  readonly needed: number
  readonly acked: number
  readonly keysFailed: number
  readonly outcome: 'unknown' | 'not-applied'
}
