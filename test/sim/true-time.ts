interface Due {
  readonly atMs: number
  /** Tells those of one moment apart: first come, first served. */
  readonly order: number
  callback: (() => void) | null
}

/** Every run begins this long after 1970, so that nothing in it lies before. */
export const startMs = 1_000_000_000

/** The one true time of a run, which no process knows. It moves only when told. */
export class TrueTime {
  #nowMs = startMs
  #count = 0
  #pending = 0
  /** A binary heap: no entry comes before its parent. */
  readonly #heap: Due[] = []

  get nowMs(): number {
    return this.#nowMs
  }

  /** What is due and was not called off. */
  get pending(): number {
    return this.#pending
  }

  /** How many callbacks there ever were. */
  get count(): number {
    return this.#count
  }

  /** @returns calls it off */
  after(delayMs: number, callback: () => void): () => void {
    this.#count += 1
    this.#pending += 1
    const due: Due = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#count, callback }
    this.#push(due)
    return () => {
      if (due.callback === null) return
      due.callback = null
      this.#pending -= 1
    }
  }

  /** Lets time pass up to then: one thing after the other, and what follows from each happens before the next. */
  async runUntil(untilMs: number): Promise<void> {
    await settled()
    for (let due = this.#heap[0]; due !== undefined && due.atMs <= untilMs; due = this.#heap[0]) {
      this.#pop()
      if (due.callback === null) continue
      this.#nowMs = Math.max(this.#nowMs, due.atMs)
      const { callback } = due
      due.callback = null
      this.#pending -= 1
      callback()
      await settled()
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs)
  }

  /** Lets time pass until that is over, or for so long. */
  async runWhile(isGoingOn: () => boolean, maxMs: number): Promise<void> {
    const untilMs = this.#nowMs + maxMs
    await settled()
    while (isGoingOn() && this.#nowMs < untilMs) await this.runUntil(Math.min(untilMs, this.#heap[0]?.atMs ?? untilMs))
  }

  #push(due: Due): void {
    const heap = this.#heap
    let place = heap.push(due) - 1
    while (place > 0) {
      const above = (place - 1) >> 1
      const parent = heap[above]
      if (parent === undefined || isBefore(parent, due)) break
      heap[place] = parent
      place = above
    }
    heap[place] = due
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let place = 0
    while (true) {
      const left = 2 * place + 1
      const [one, other] = [heap[left], heap[left + 1]]
      if (one === undefined) break
      const [child, next] = other !== undefined && isBefore(other, one) ? [other, left + 1] : [one, left]
      if (isBefore(last, child)) break
      heap[place] = child
      place = next
    }
    heap[place] = last
  }
}

function isBefore(one: Due, other: Due): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order)
}

/** Waits until nothing more happens by itself: an immediate runs after every tick and microtask there is. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
