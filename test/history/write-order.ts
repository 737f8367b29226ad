import { isAcknowledged, type Read, type Write } from './key-history.ts'
import type { RealTime } from './real-time.ts'

/** Why no order of the writes explains the reads: each of these is blocked by the next, the last by the first. */
export interface Deadlock {
  readonly writes: readonly Write[]
  readonly reads: readonly Read[]
}

/** What a read asks of the order of writes: one that it can have found lies above all that it had to know of. */
interface Demand {
  readonly read: Read
  readonly known: readonly Write[]
  readonly candidates: ReadonlySet<Write>
}

/**
 * Looks for one order of all writes of a key, in which acknowledged writes that do not overlap stand as they came, and
 * every read finds a write that is no older than any that was acknowledged before it began.
 *
 * The order is made from the newest write down. A write may come next when nothing that is left has to stand above it:
 * no acknowledged write that came after it, and no read that knew of it and can only have found what is left, unless that
 * read can have found this very write. Taking such a write is never wrong: in any order that works, it can be moved up to
 * the top of what is left, which harms no read that knew of it, and hides nothing from the others. So there is no need to
 * try anything twice, and where nothing may come next there is no order.
 */
export class WriteOrder {
  readonly #left: Set<Write>
  readonly #demands: readonly Demand[]
  readonly #time: RealTime
  readonly #open: Set<Demand>
  /** By write: how much that is left has to stand above it. */
  readonly #above = new Map<Write, number>()
  readonly #explainedBy = new Map<Write, Demand[]>()

  constructor(writes: readonly Write[], reads: readonly Read[], time: RealTime) {
    this.#left = new Set(writes)
    this.#time = time
    this.#demands = reads.map((read) => demandOf(read, writes, time))
    this.#open = new Set(this.#demands)
    for (const write of writes) {
      this.#above.set(write, this.#successors(write).length)
      this.#explainedBy.set(write, [])
    }
    for (const demand of this.#demands) {
      for (const write of blockedBy(demand)) this.#count(write, 1)
      for (const write of demand.candidates) this.#explained(write).push(demand)
    }
  }

  /** @returns null when there is an order */
  deadlock(): Deadlock | null {
    // A read that nothing explains shows more plainly than what it blocks.
    for (const demand of this.#demands) {
      const isAtFirst = demand.read.found === 'absent' && demand.known.length === 0
      if (demand.candidates.size > 0 || isAtFirst) continue
      return { writes: demand.known.slice(-1), reads: [demand.read] }
    }
    const free = [...this.#left].filter((write) => this.#above.get(write) === 0)
    for (let write = free.pop(); write !== undefined; write = free.pop()) free.push(...this.#take(write))
    return this.#left.size === 0 ? null : this.#circle()
  }

  /** @returns the writes that may come next because of that */
  #take(write: Write): Write[] {
    this.#left.delete(write)
    const freed = [...this.#left].filter((each) => this.#time.isBefore(each, write) && this.#count(each, -1) === 0)
    for (const demand of this.#explained(write)) {
      if (!this.#open.delete(demand)) continue
      freed.push(...blockedBy(demand).filter((each) => this.#count(each, -1) === 0))
    }
    return freed.filter((each) => this.#left.has(each))
  }

  #count(write: Write, change: number): number {
    const count = (this.#above.get(write) ?? 0) + change
    this.#above.set(write, count)
    return count
  }

  #explained(write: Write): Demand[] {
    return this.#explainedBy.get(write) ?? []
  }

  #successors(write: Write): Write[] {
    return [...this.#left].filter((other) => this.#time.isBefore(write, other))
  }

  /** Everything that is left is blocked by something that is left, so going on from one to the next ends in a circle. */
  #circle(): Deadlock {
    const trail: { readonly write: Write; readonly read: Read | null }[] = []
    let write = this.#left.values().next().value
    while (write !== undefined) {
      const current: Write = write
      const start = trail.findIndex((step) => step.write === current)
      if (start >= 0) return deadlockOf(trail.slice(start))
      const demand = [...this.#open].find((each) => blockedBy(each).includes(current))
      const above = demand === undefined ? this.#successors(current) : [...demand.candidates]
      trail.push({ write: current, read: demand?.read ?? null })
      write = above.find((each) => this.#left.has(each))
    }
    return deadlockOf(trail)
  }
}

function deadlockOf(trail: readonly { readonly write: Write; readonly read: Read | null }[]): Deadlock {
  return {
    writes: trail.map(({ write }) => write),
    reads: [...new Set(trail.flatMap(({ read }) => (read === null ? [] : [read])))],
  }
}

function demandOf(read: Read, writes: readonly Write[], time: RealTime): Demand {
  const all = writes.filter((write) => isAcknowledged(write) && write.acknowledgedAt < read.invokedAt)
  // What one of them is known to have replaced need not be asked for: real time puts it below that one.
  const latest = all.findLast(({ kind }) => kind !== 'clear')?.invokedAt ?? Number.NEGATIVE_INFINITY
  const known = all.filter(({ acknowledgedAt }) => acknowledgedAt >= latest)
  return { read, known, candidates: new Set(writes.filter((write) => time.canBeFoundBy(write, read))) }
}

function blockedBy({ known, candidates }: Demand): Write[] {
  return known.filter((write) => !candidates.has(write))
}
