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
  /** Whether anybody still waits for an answer of this replica. */
  isWanted(replica: WatchedReplica): boolean
}

/**
 * Asks a replica that failed, so that it is found again while nobody else asks: one call at a time, after pauses that grow
 * as the failure detector's do, and none that the detector would refuse. Ends by itself when nobody waits for an answer.
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
    const replica = this.#wantedReplica()
    if (replica === null) return
    if (replica.isWorthAsking()) {
      this.#isAsking = true
      await this.#call(replica)
      this.#isAsking = false
    }
    if (this.#wantedReplica() !== null) this.#wait()
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
      // It still fails; the pause goes on.
    }
  }

  #wantedReplica(): WatchedReplica | null {
    const replica = this.#parts.replica()
    return replica !== undefined && this.#parts.isWanted(replica) ? replica : null
  }
}
