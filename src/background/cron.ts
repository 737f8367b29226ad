import { createRequire } from 'node:module'
import type { Cron } from 'croner'
import { type Clock, systemRuntime } from '../runtime.ts'

/** How far a clock may have been set back for a run to be taken as done all the same. */
const setBackMaxMs = 60_000

/**
 * Why this is no cron expression, or one that never comes; null when it is one. Of five fields, or six with the seconds
 * first, or seven with the year last, or a name such as `@daily`; in the local time of the process.
 */
export function checkCron(text: string, nowMs: number = systemRuntime.clock.nowMs()): string | null {
  // A point in time is a job to croner too; as a schedule it would be a slip.
  if (!/^\s*(@\w+|\S+(\s+\S+){4,6})\s*$/.test(text))
    return 'a cron expression has five fields, or is a name such as @daily'
  try {
    return nextRunMs(parseCron(text), nowMs) === null ? 'no such time ever comes' : null
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error)
  }
}

/** The times of a cron expression, by the wall clock. */
export class CronTimes {
  readonly #cron: Cron
  readonly #clock: Clock
  #dueMs: number | null = null
  /** When the last run was due. */
  #lastMs = Number.NEGATIVE_INFINITY

  /** @throws Error when {@link checkCron} says why */
  constructor(text: string, clock: Clock) {
    this.#cron = parseCron(text)
    this.#clock = clock
  }

  /** Sets the time of the next run; times that passed during the last one are left out. */
  setNext(): void {
    this.#lastMs = this.#dueMs ?? this.#lastMs
    this.#dueMs = this.#nextMs()
  }

  /** How long to wait for it from now; 0 when it has come, null when there is none. */
  remainingMs(): number | null {
    const nowMs = this.#clock.nowMs()
    if (this.#dueMs === null) return null
    if (nowMs >= this.#dueMs) return 0
    // An earlier one when the clock was set back meanwhile.
    this.#dueMs = Math.min(this.#dueMs, this.#nextMs() ?? this.#dueMs)
    return this.#dueMs - nowMs
  }

  /** A clock set back a little must not make the same run come twice, nor one set back far make the next never come. */
  #nextMs(): number | null {
    const nowMs = this.#clock.nowMs()
    return nextRunMs(this.#cron, this.#lastMs - nowMs < setBackMaxMs ? Math.max(nowMs, this.#lastMs) : nowMs)
  }
}

/** Loaded when the first expression is read, and in place, because options are checked by a constructor. */
function parseCron(text: string): Cron {
  const croner: typeof import('croner') = createRequire(import.meta.url)('croner')
  return new croner.Cron(text, { paused: true })
}

function nextRunMs(cron: Cron, afterMs: number): number | null {
  return cron.nextRun(new Date(afterMs))?.getTime() ?? null
}
