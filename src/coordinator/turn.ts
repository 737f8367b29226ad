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

/** Gathers what comes up in one turn, and hands it on at its end in one go. */
export class TurnEnd<Item> {
  readonly #timers: Timers
  readonly #handle: (items: readonly Item[]) => void
  readonly #items: Item[] = []

  constructor(timers: Timers, handle: (items: readonly Item[]) => void) {
    this.#timers = timers
    this.#handle = handle
  }

  add(items: readonly Item[]): void {
    if (this.#items.length === 0) this.#timers.endOfTurn(() => this.#handle(this.#items.splice(0)))
    for (const item of items) this.#items.push(item)
  }
}
