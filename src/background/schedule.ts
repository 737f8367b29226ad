import type { Runtime } from '../runtime.ts'
import { CronTimes } from './cron.ts'

/** Every so many ms, give or take a tenth; or at the times of a cron expression, in the local time of the process. */
export type ScheduleTimes = { readonly intervalMs: number } | { readonly cron: string }

export interface ScheduleParts {
  readonly runtime: Runtime
  /** The signal is aborted when the schedule is stopped. */
  run(signal: AbortSignal): Promise<unknown>
  /** A run threw; the schedule goes on. */
  onFailure(error: unknown): void
}

/** Waits are cut into pieces: a timer holds 2^31 - 1 ms at most, and does not notice when the wall clock is set. */
const pieceMaxMs = 600_000

/** Runs a job again and again until it is stopped, never twice at once. Does not keep the process alive. */
export class Schedule {
  readonly #parts: ScheduleParts
  readonly #times: Times
  readonly #stopping = new AbortController()
  #cancel: (() => void) | null = null

  /** @throws Error for a cron expression that is none; see `checkCron` */
  constructor(parts: ScheduleParts & ScheduleTimes) {
    const { runtime } = parts
    this.#parts = parts
    this.#times =
      'cron' in parts ? new CronTimes(parts.cron, runtime.clock) : new IntervalTimes(parts.intervalMs, runtime)
    this.#times.setNext()
    this.#wait()
  }

  /** Calls off what is to come, and aborts the run that is under way without waiting for it. For good. */
  stop(): void {
    this.#cancel?.()
    this.#cancel = null
    this.#stopping.abort()
  }

  #wait(): void {
    if (this.#stopping.signal.aborted) return
    const remainingMs = this.#times.remainingMs()
    if (remainingMs === null) return
    this.#cancel = this.#parts.runtime.timers.afterIfAlive(Math.min(remainingMs, pieceMaxMs), () => {
      this.#cancel = null
      if (this.#times.remainingMs() === 0) void this.#run()
      else this.#wait()
    })
  }

  async #run(): Promise<void> {
    try {
      await this.#parts.run(this.#stopping.signal)
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#parts.onFailure(error)
    }
    this.#times.setNext()
    this.#wait()
  }
}

interface Times {
  /** Sets the time of the next run: at first, and after each. */
  setNext(): void
  /** How long to wait for it; 0 when it has come, null when there is none. */
  remainingMs(): number | null
}

/** An interval lies between the starts of two runs; one that a run took all of is followed by a whole one. */
class IntervalTimes implements Times {
  readonly #intervalMs: number
  readonly #runtime: Runtime
  #dueMs: number | null = null

  constructor(intervalMs: number, runtime: Runtime) {
    this.#intervalMs = intervalMs
    this.#runtime = runtime
  }

  setNext(): void {
    const { clock, random } = this.#runtime
    const nowMs = clock.monotonicMs()
    // Processes that start together must not run together.
    if (this.#dueMs === null) {
      this.#dueMs = nowMs + this.#intervalMs * random.fraction()
      return
    }
    const pauseMs = this.#intervalMs * (0.9 + 0.2 * random.fraction())
    const dueMs = this.#dueMs + pauseMs
    this.#dueMs = dueMs > nowMs ? dueMs : nowMs + pauseMs
  }

  remainingMs(): number {
    const nowMs = this.#runtime.clock.monotonicMs()
    return this.#dueMs === null ? 0 : Math.max(0, this.#dueMs - nowMs)
  }
}
