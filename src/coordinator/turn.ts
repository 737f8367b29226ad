import type { Timers } from '../runtime.ts'

/**
 * Lets the calls of one turn of the event loop share one batch: the first opens it, the end of the turn sends it.
 */
export class Turn<Batch extends { send(): void }> {
  readonly #timers: Timers
  readonly #open: () => Batch
  #batch: Batch | null = null

  constructor(timers: Timers, open: () => Batch) {
    this.#timers = timers
    this.#open = open
  }

  batch(): Batch {
    if (this.#batch !== null) return this.#batch
    const batch = this.#open()
    this.#batch = batch
    this.#timers.endOfTurn(() => {
      this.#batch = null
      batch.send()
    })
    return batch
  }
}
