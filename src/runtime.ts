import { randomBytes } from 'node:crypto'

/** Real time and chance come in here and nowhere else, so that a simulator can hand in its own. */
export interface Runtime {
  readonly clock: Clock
  readonly random: Random
  readonly timers: Timers
}

export interface Clock {
  /** The wall clock, ms since 1970; may jump. */
  nowMs(): number
  /** Never runs backwards; only differences mean anything. */
  monotonicMs(): number
}

export interface Random {
  /** At least 0, below 1. */
  fraction(): number
  /** Lower-case hex digits. */
  hex(digits: number): string
}

export interface Timers {
  /**
   * Calls back once after the delay, when what had arrived by then was read: after an event loop that stood still, an
   * answer that is there comes before the end of its wait. The returned function calls it off.
   */
  after(delayMs: number, callback: () => void): () => void
  /** Like {@link after}, but a process with nothing else to do ends without waiting for it. */
  afterIfAlive(delayMs: number, callback: () => void): () => void
  /** Calls back when the current turn of the event loop is over, before any I/O. */
  endOfTurn(callback: () => void): void
}

export const systemRuntime: Runtime = {
  clock: {
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
  },
  random: {
    fraction: () => Math.random(),
    hex: (digits) =>
      randomBytes(Math.ceil(digits / 2))
        .toString('hex')
        .slice(0, digits),
  },
  timers: {
    after: (delayMs, callback) => startTimer(delayMs, callback).cancel,
    afterIfAlive: (delayMs, callback) => {
      const { timer, cancel } = startTimer(delayMs, callback)
      timer.unref()
      return cancel
    },
    endOfTurn: (callback) => process.nextTick(callback),
  },
}

function startTimer(delayMs: number, callback: () => void): { timer: NodeJS.Timeout; cancel: () => void } {
  let pending: NodeJS.Immediate | undefined
  // Timers go off before sockets are read, immediates afterwards.
  const timer = setTimeout(() => {
    pending = setImmediate(callback)
  }, delayMs)
  function cancel(): void {
    clearTimeout(timer)
    clearImmediate(pending)
  }
  return { timer, cancel }
}
