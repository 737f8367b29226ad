/** How much the newest operation weighs in the mean. */
const newestWeight = 0.1
/** After so long without an operation nothing is known. */
const knownForMs = 1_000

/** How long the operations of the store's users take of late: a mean in which the newest weigh most. */
export class Latency {
  #meanMs: number | null = null
  #notedAtMs = Number.NEGATIVE_INFINITY

  note(tookMs: number, nowMs: number): void {
    const isFresh = this.#meanMs === null || nowMs - this.#notedAtMs > knownForMs
    this.#meanMs = isFresh ? tookMs : (this.#meanMs ?? tookMs) * (1 - newestWeight) + tookMs * newestWeight
    this.#notedAtMs = nowMs
  }

  /** In ms; null when there were no operations in the last second. */
  recentMs(nowMs: number): number | null {
    return nowMs - this.#notedAtMs > knownForMs ? null : this.#meanMs
  }
}
