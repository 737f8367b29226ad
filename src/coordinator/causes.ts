import { QuorumError, type QuorumOperation, ReplicaError } from '../errors.ts'
import type { CoordinatorContext } from './context.ts'

/** Why the replicas of one operation did not count, collected on the way to a possible `QuorumError`. */
export class Causes {
  readonly #context: CoordinatorContext
  readonly #errors = new Map<string, ReplicaError>()

  constructor(context: CoordinatorContext) {
    this.#context = context
  }

  add(replica: number, error: unknown): ReplicaError {
    const id = this.#context.replicas[replica]?.id ?? String(replica)
    const replicaError =
      error instanceof ReplicaError ? error : new ReplicaError('REJECTED', String(error), { replica: id, cause: error })
    this.#errors.set(id, replicaError)
    return replicaError
  }

  get(replica: number): ReplicaError | undefined {
    return this.#errors.get(this.#context.replicas[replica]?.id ?? '')
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
}

export interface LostQuorum {
  readonly operation: QuorumOperation
  readonly needed: number
  readonly acked: number
  readonly keysFailed: number
  readonly outcome: 'unknown' | 'not-applied'
}
