import type { Clock, Random, Runtime, Timers } from '../../src/runtime.ts'
import type { TrueTime } from './true-time.ts'

/** The time and chance of one client process: a wall clock that may be wrong, and a process that may stall or be killed. */
export class ProcessRuntime implements Runtime {
  readonly clock: Clock
  readonly random: Random
  readonly timers: Timers
  /** How far the wall clock is off the true time, in ms. */
  offsetMs = 0
  readonly #time: TrueTime
  #isDead = false
  #isStalled = false
  #answersHeld: (() => void)[] = []
  #timersHeld: (() => void)[] = []

  constructor(time: TrueTime, random: Random) {
    this.#time = time
    this.random = random
    this.clock = {
      nowMs: () => Math.floor(time.nowMs + this.offsetMs),
      monotonicMs: () => time.nowMs,
    }
    this.timers = {
      after: (delayMs, callback) => this.#start(delayMs, callback),
      afterIfAlive: (delayMs, callback) => this.#start(delayMs, callback),
      endOfTurn: (callback) => process.nextTick(callback),
    }
  }

  get isDead(): boolean {
    return this.#isDead
  }

  get isRunning(): boolean {
    return !this.#isDead && !this.#isStalled
  }

  /** Nothing that it waits for will ever come. */
  kill(): void {
    this.#isDead = true
  }

  /** Stands still: what comes meanwhile waits for it. */
  stall(): void {
    this.#isStalled = true
  }

  /** Goes on: answers that came meanwhile are read before timers go off, as an event loop does it. */
  goOn(): void {
    this.#isStalled = false
    const held = [...this.#answersHeld, ...this.#timersHeld]
    this.#answersHeld = []
    this.#timersHeld = []
    for (const callback of held) this.#time.after(0, () => this.receive(callback))
  }

  /** What comes over the network. */
  receive(callback: () => void): void {
    if (this.#isDead) return
    if (this.#isStalled) this.#answersHeld.push(callback)
    else callback()
  }

  #start(delayMs: number, callback: () => void): () => void {
    let isCancelled = false
    const cancel = this.#time.after(delayMs, () => {
      if (this.#isDead) return
      if (this.#isStalled) this.#timersHeld.push(() => isCancelled || callback())
      else callback()
    })
    return () => {
      isCancelled = true
      cancel()
    }
  }
}
