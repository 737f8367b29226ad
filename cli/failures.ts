import type { ReplicaError } from '../src/errors.ts'
import type { QuorumEvent } from '../src/events.ts'
import type { KeyvQuorum } from '../src/keyv-quorum.ts'

/**
 * The last failure of each replica. A replica that is held to be down is not asked again, and the error of a call that was
 * not sent tells nobody why it went down.
 */
export class Failures {
  readonly #last = new Map<string, ReplicaError>()

  constructor(store: Pick<KeyvQuorum, 'on'>) {
    store.on('event', (event) => this.#note(event))
  }

  /** `TIMEOUT: no answer within 2,000 ms`; null for a replica that has not failed. */
  reason(replica: string): string | null {
    const error = this.#last.get(replica)
    return error === undefined ? null : `${error.code}: ${error.reason}`
  }

  #note(event: QuorumEvent): void {
    if (event.type === 'replica-down' || event.type === 'replica-failure') this.#last.set(event.replica, event.error)
  }
}
