/**
 * Tells whether a replica is worth asking. After `failuresMax` failures in a row it is down: nothing is sent to it but
 * one probe at a time, after a pause that doubles up to `pauseMaxMs`. Any success brings it back.
 */
export interface FailureDetectorOptions {
  readonly failuresMax: number
  readonly pauseMinMs: number
  readonly pauseMaxMs: number
}

export const failureDetectorDefaults: FailureDetectorOptions = { failuresMax: 3, pauseMinMs: 250, pauseMaxMs: 5_000 }

export type ReplicaCondition = 'up' | 'down' | 'probing'

export class FailureDetector {
  readonly #options: FailureDetectorOptions
  #condition: ReplicaCondition = 'up'
  #failures = 0
  #pauseMs = 0
  #probeAtMs = 0

  constructor(options: FailureDetectorOptions = failureDetectorDefaults) {
    this.#options = options
  }

  get condition(): ReplicaCondition {
    return this.#condition
  }

  /** Whether a call may go out. A `true` while down makes that call the probe: report its end. */
  admits(nowMs: number): boolean {
    if (this.#condition === 'up') return true
    if (this.#condition === 'probing' || nowMs < this.#probeAtMs) return false
    this.#condition = 'probing'
    return true
  }

  /** Whether {@link admits} would say yes, without taking the probe. */
  wouldAdmit(nowMs: number): boolean {
    return this.#condition === 'up' || (this.#condition === 'down' && nowMs >= this.#probeAtMs)
  }

  /** @returns whether the replica has just come back */
  succeeded(): boolean {
    const cameBack = this.#condition !== 'up'
    this.#condition = 'up'
    this.#failures = 0
    this.#pauseMs = 0
    return cameBack
  }

  /**
   * @param fraction a random number from 0 to 1 that spreads the probes of many processes over half the pause
   * @returns whether the replica has just gone down
   */
  failed(nowMs: number, fraction: number): boolean {
    this.#failures += 1
    if (this.#condition === 'up' && this.#failures < this.#options.failuresMax) return false
    const wentDown = this.#condition === 'up'
    // A call sent before the replica went down says nothing new when it fails after: only a probe lengthens the pause.
    if (this.#condition === 'down') return false
    this.#condition = 'down'
    this.#pauseMs = Math.min(Math.max(this.#pauseMs * 2, this.#options.pauseMinMs), this.#options.pauseMaxMs)
    this.#probeAtMs = nowMs + this.#pauseMs * (1 - fraction / 2)
    return wentDown
  }
}
