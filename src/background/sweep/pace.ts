import type { Runtime } from '../../runtime.ts'

export interface PaceOptions {
  readonly keysPerSecond: number
  readonly signal?: AbortSignal | undefined
  /** How long requests of the store's users took of late, in ms; null when there were none. */
  readonly foregroundLatencyMs?: (() => number | null) | undefined
}

/** Debts smaller than this are not waited for, so that small steps cost no timer each. */
const debtMs = 50
/** After so long without a wait, others have their turn: answers of a memory replica come without any. */
const turnMs = 10
const pauseStepMs = 100
const pausesInRowMs = 10_000
const slowFactor = 1.5
const slowMarginMs = 1

/**
 * Keeps a sweep in the background: so many keys a second and no more, and pauses while requests take clearly longer than
 * they did before. A sweep has to end some day, though, so after ten seconds of pauses it goes on for as long without.
 */
export class Pace {
  readonly #runtime: Runtime
  readonly #options: PaceOptions
  readonly #latencyBeforeMs: number | null
  #paidUntilMs = 0
  #turnBeganMs: number
  #pausesBeganMs: number | null = null
  #unpausedUntilMs = Number.NEGATIVE_INFINITY
  #looked = 0

  constructor(runtime: Runtime, options: PaceOptions) {
    this.#runtime = runtime
    this.#options = options
    this.#latencyBeforeMs = options.foregroundLatencyMs?.() ?? null
    this.#turnBeganMs = this.#nowMs()
  }

  /** How many keys were looked at so far. */
  get looked(): number {
    return this.#looked
  }

  /**
   * Waits as long as it takes for these keys to have been looked at no faster than they may.
   * @throws the signal's reason, once it is aborted
   */
  async take(keys: number): Promise<void> {
    this.#options.signal?.throwIfAborted()
    this.#looked += keys
    const nowMs = this.#nowMs()
    this.#paidUntilMs = Math.max(this.#paidUntilMs, nowMs) + (keys / this.#options.keysPerSecond) * 1_000
    if (this.#paidUntilMs - nowMs > debtMs) await this.#sleep(this.#paidUntilMs - nowMs)
    else if (nowMs - this.#turnBeganMs > turnMs) await this.#sleep(0)
    while (this.#isPauseDue()) await this.#sleep(pauseStepMs)
  }

  #isPauseDue(): boolean {
    const nowMs = this.#nowMs()
    if (!this.#isForegroundSlow()) {
      this.#pausesBeganMs = null
      return false
    }
    if (nowMs < this.#unpausedUntilMs) return false
    this.#pausesBeganMs ??= nowMs
    if (nowMs - this.#pausesBeganMs < pausesInRowMs) return true
    this.#pausesBeganMs = null
    this.#unpausedUntilMs = nowMs + pausesInRowMs
    return false
  }

  #isForegroundSlow(): boolean {
    const latencyMs = this.#options.foregroundLatencyMs?.() ?? null
    if (latencyMs === null || this.#latencyBeforeMs === null) return false
    return latencyMs > this.#latencyBeforeMs * slowFactor && latencyMs > this.#latencyBeforeMs + slowMarginMs
  }

  #sleep(ms: number): Promise<void> {
    const { signal } = this.#options
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        cancel()
        reject(signal?.reason)
      }
      const cancel = this.#runtime.timers.after(ms, () => {
        signal?.removeEventListener('abort', giveUp)
        this.#turnBeganMs = this.#nowMs()
        resolve()
      })
      signal?.addEventListener('abort', giveUp, { once: true })
    })
  }

  #nowMs(): number {
    return this.#runtime.clock.monotonicMs()
  }
}
