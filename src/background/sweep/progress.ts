import type { Pace } from './pace.ts'
import type { SweepOptions, SweepPlan } from './sweep-options.ts'
import type { SweepParts } from './sweep-parts.ts'
import type { SweepCursor, SweepProgress } from './sweep-report.ts'
import type { Tally } from './tally.ts'

/** At most four times a second. */
const intervalMs = 250

/** Tells how far a sweep has come: not too often, but whenever the cursor moves on. */
export class ProgressTeller {
  readonly #parts: Pick<SweepParts, 'runtime' | 'events'>
  readonly #plan: SweepPlan
  readonly #pace: Pace
  readonly #tally: Tally
  readonly #onProgress: SweepOptions['onProgress']
  #cursor: SweepCursor | null = null
  #toldAtMs = Number.NEGATIVE_INFINITY

  constructor(
    parts: Pick<SweepParts, 'runtime' | 'events'>,
    plan: SweepPlan,
    counted: { readonly pace: Pace; readonly tally: Tally },
    onProgress: SweepOptions['onProgress'],
  ) {
    this.#parts = parts
    this.#plan = plan
    this.#pace = counted.pace
    this.#tally = counted.tally
    this.#onProgress = onProgress
  }

  get cursor(): SweepCursor | null {
    return this.#cursor
  }

  moveOn(cursor: SweepCursor, fraction: number): void {
    this.#cursor = cursor
    const progress = this.#progress('keys', fraction)
    this.#onProgress?.(progress)
    if (this.#isDue()) this.#parts.events.emit({ type: 'sweep-progress', progress })
  }

  tell(phase: SweepProgress['phase'], fraction: number): void {
    if (!this.#isDue()) return
    const progress = this.#progress(phase, fraction)
    this.#parts.events.emit({ type: 'sweep-progress', progress })
    this.#onProgress?.(progress)
  }

  #isDue(): boolean {
    const nowMs = this.#parts.runtime.clock.monotonicMs()
    if (nowMs - this.#toldAtMs < intervalMs) return false
    this.#toldAtMs = nowMs
    return true
  }

  #progress(phase: SweepProgress['phase'], fraction: number): SweepProgress {
    const { kind, isPreview, partition } = this.#plan
    const { looked } = this.#pace
    const { differing } = this.#tally
    return { kind, isPreview, partition, phase, fraction, looked, differing, cursor: this.#cursor }
  }
}
