import { type Runtime, systemRuntime } from '../../src/runtime.ts'

/** Real time, but for a wall clock that a test can put forward: days of absence need no waiting. */
export class MovedClock {
  #aheadMs = 0

  readonly runtime: Runtime = {
    ...systemRuntime,
    clock: { ...systemRuntime.clock, nowMs: () => this.nowMs },
  }

  get nowMs(): number {
    return systemRuntime.clock.nowMs() + this.#aheadMs
  }

  putForward(ms: number): void {
    this.#aheadMs += ms
  }
}
