import { isAcknowledged, type KeyHistory, type Read, type Write } from './key-history.ts'
import type { RealTime } from './real-time.ts'

/** A write, for the record that it left in the end; or a read, for the record that it found. */
export type Item = Write | Read

/**
 * What is known of the age of the records of a key, as a graph: an edge leads from a record to one that is the same or newer.
 *
 * | from | to | because |
 * |---|---|---|
 * | acknowledged write | acknowledged write that began after it | it is newer, whatever the clocks say |
 * | acknowledged write | read that began after it | reads do not miss it |
 * | read | set whose value it found | the record found is that one, or an earlier try of the same set |
 * | read | read that began after it | reads do not go back |
 * | item with a version | items with the same or the next version | where the history tells versions |
 *
 * Nodes beyond those of items are moments: who ended before leads to the moment, the moment to who began afterwards.
 */
export class RecordOrder {
  readonly items: readonly Item[]
  readonly edges: number[][]
  readonly #nodes: ReadonlyMap<Item, number>

  constructor({ writes, reads }: KeyHistory, time: RealTime) {
    this.items = [...writes, ...reads]
    this.edges = this.items.map(() => [])
    this.#nodes = new Map(this.items.map((item, node) => [item, node]))
    const acknowledged = writes.filter(isAcknowledged)
    this.#addMoments(acknowledged, [...acknowledged.filter(({ kind }) => kind !== 'clear'), ...reads])
    this.#addMoments(reads, reads)
    for (const clear of acknowledged.filter(({ kind }) => kind === 'clear')) {
      for (const write of acknowledged) if (time.isBefore(write, clear)) this.#add(write, clear)
    }
    for (const read of reads) if (typeof read.found === 'object') this.#add(read, read.found)
    this.#addVersions()
  }

  itemAt(node: number): Item | undefined {
    return this.items[node]
  }

  #add(older: Item, newer: Item): void {
    this.edges[this.#nodeOf(older)]?.push(this.#nodeOf(newer))
  }

  #nodeOf(item: Item): number {
    return this.#nodes.get(item) ?? -1
  }

  /** From each of the first to all of the others that began after it had ended. */
  #addMoments(first: readonly Item[], others: readonly Item[]): void {
    const events = [
      ...first.map((item) => ({ at: endOf(item), item, isEnd: true })),
      ...others.map((item) => ({ at: item.invokedAt, item, isEnd: false })),
    ]
    // What meets at one moment overlaps, so what begins comes first.
    events.sort((a, b) => a.at - b.at || Number(a.isEnd) - Number(b.isEnd))
    let moment: number[] | null = null
    for (const { item, isEnd } of events) {
      if (!isEnd) moment?.push(this.#nodeOf(item))
      else {
        const next: number[] = []
        const node = this.edges.push(next) - 1
        moment?.push(node)
        this.edges[this.#nodeOf(item)]?.push(node)
        moment = next
      }
    }
  }

  #addVersions(): void {
    const known = this.items
      .flatMap((item) => (item.operation.version === undefined ? [] : [{ item, version: item.operation.version }]))
      .toSorted((a, b) => (a.version < b.version ? -1 : Number(a.version > b.version)))
    for (const [index, { item, version }] of known.entries()) {
      const before = known[index - 1]
      if (before === undefined) continue
      this.#add(before.item, item)
      if (before.version === version) this.#add(item, before.item)
    }
  }
}

export function isRead(item: Item): item is Read {
  return 'found' in item
}

function endOf(item: Item): number {
  return isRead(item) ? item.returnedAt : item.acknowledgedAt
}
