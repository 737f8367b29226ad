import type { Clock, Random, Runtime, Timers } from '../../src/runtime.ts'
import { seededRandom } from './seeded-random.ts'

interface Timer {
  readonly atMs: number
  readonly callback: () => void
}

export interface RuntimeOptions {
  /** How far the wall clock of this process is off the true time; may be changed while it runs. Default: 0. */
  readonly skewMs?: number
  readonly random?: Random
}

/** A runtime whose wall clock can be put wrong. */
export interface SimulatedRuntime extends Runtime {
  skewMs: number
}

/**
 * Time that moves only when told, for as many processes as there are runtimes made from it. Turns of the event loop
 * are real: what needs no time to pass happens in {@link settle}.
 */
export class SimulatedTime {
  #nowMs: number
  readonly #timers = new Set<Timer>()

  constructor(startMs = 1_000) {
    this.#nowMs = startMs
  }

  get nowMs(): number {
    return this.#nowMs
  }

  /** Timers that have neither gone off nor been called off. */
  get timersPending(): number {
    return this.#timers.size
  }

  runtime(options: RuntimeOptions = {}): SimulatedRuntime {
    const clock: Clock = {
      nowMs: () => this.#nowMs + runtime.skewMs,
      monotonicMs: () => this.#nowMs,
    }
    const runtime = {
      skewMs: options.skewMs ?? 0,
      clock,
      random: options.random ?? seededRandom(1),
      timers: this.timers,
    }
    return runtime
  }

  readonly timers: Timers = {
    after: (delayMs, callback) => this.#start(delayMs, callback),
    afterIfAlive: (delayMs, callback) => this.#start(delayMs, callback),
    endOfTurn: (callback) => process.nextTick(callback),
  }

  /** Waits until nothing more happens by itself: an immediate runs after every tick and microtask there is. */
  settle(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve))
  }

  /** Lets time pass: timers go off one after the other, each at its own time, and what follows from it happens first. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms
    await this.settle()
    for (let timer = this.#earliest(endMs); timer !== undefined; timer = this.#earliest(endMs)) {
      this.#timers.delete(timer)
      this.#nowMs = Math.max(this.#nowMs, timer.atMs)
      timer.callback()
      await this.settle()
    }
    this.#nowMs = endMs
  }

  #start(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  #earliest(endMs: number): Timer | undefined {
    let earliest: Timer | undefined
    for (const timer of this.#timers) {
      if (timer.atMs <= endMs && (earliest === undefined || timer.atMs < earliest.atMs)) earliest = timer
    }
    return earliest
  }
}
