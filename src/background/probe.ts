import { failureDetectorDefaults } from '../core/failure-detector.ts'
import type { Runtime } from '../runtime.ts'
import type { WatchedReplica } from '../wrap/detector.ts'

const { pauseMinMs, pauseMaxMs } = failureDetectorDefaults
/** No namespace can make it. */
const probedKey = '\u0001probe'

export interface ProbeParts {
  readonly runtime: Runtime
  readonly callTimeoutMs: number
  /** The replica as it is now; undefined when it was removed. */
  replica(): WatchedReplica | undefined
  /** Whether anybody waits for the replica. */
  isWanted(): boolean
}

/**
 * Asks a replica that is down, so that it is found again while nobody else asks: one call at a time, after pauses that grow
 * as the failure detector's do, and none that the detector would refuse. Ends by itself when the replica is up, or when
 * nobody waits for it any more.
 */
export class Probe {
  readonly #parts: ProbeParts
  #pauseMs = 0
  #isAsking = false
  #cancel: (() => void) | null = null

  constructor(parts: ProbeParts) {
    this.#parts = parts
  }

  start(): void {
    if (this.#cancel !== null || this.#isAsking) return
    this.#pauseMs = pauseMinMs
    this.#wait()
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = null
  }

  #wait(): void {
    this.#cancel = this.#parts.runtime.timers.afterIfAlive(this.#pauseMs, () => {
      this.#cancel = null
      void this.#ask()
    })
    this.#pauseMs = Math.min(this.#pauseMs * 2, pauseMaxMs)
  }

  async #ask(): Promise<void> {
    const replica = this.#downReplica()
    if (replica === null) return
    if (replica.isWorthAsking()) {
      this.#isAsking = true
      await this.#call(replica)
      this.#isAsking = false
    }
    if (this.#downReplica() !== null) this.#wait()
  }

  /**
   * Asks for the lineage where that is due, so that the replica counts at once, and for a key that nobody writes otherwise.
   * What fails, and whether that says anything, is the detector's business.
   */
  async #call(replica: WatchedReplica): Promise<void> {
    const options = { timeoutMs: this.#parts.callTimeoutMs }
    try {
      await (replica.gate.verify(options) ?? replica.getVersions([probedKey], options))
    } catch {
      // It is still down; the pause goes on.
    }
  }

  #downReplica(): WatchedReplica | null {
    const replica = this.#parts.replica()
    return replica === undefined || replica.condition() === 'up' || !this.#parts.isWanted() ? null : replica
  }
}
