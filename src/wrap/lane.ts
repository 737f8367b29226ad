import type { CallOptions } from '../replica.ts'
import type { Join } from './joins.ts'

/** A request that waits for its turn. */
export interface WaitingRequest<Item, Answer> {
  readonly items: readonly Item[]
  /** What the items weigh together. */
  readonly length: number
  readonly options: CallOptions
  readonly sinceMs: number
  readonly resolve: (answers: readonly Answer[]) => void
  readonly reject: (error: unknown) => void
}

/** How requests of one kind are sized, joined and sent. */
export interface LaneKind<Item, Answer> {
  /** How much an item weighs, in characters; 0 where nobody knows beforehand. */
  readonly lengthOf: (item: Item) => number
  readonly join: (requests: readonly (readonly Item[])[]) => Join<Item, Answer>
  readonly call: (items: readonly Item[], options: CallOptions) => Promise<readonly Answer[]>
}

export interface BatchSize {
  readonly keysMax: number
  readonly lengthMax: number
}

/** The requests of one kind that wait for one replica, first come, first served. */
export class Lane<Item, Answer> {
  readonly kind: LaneKind<Item, Answer>
  readonly #size: BatchSize
  readonly #waiting: WaitingRequest<Item, Answer>[] = []

  constructor(kind: LaneKind<Item, Answer>, size: BatchSize) {
    this.kind = kind
    this.#size = size
  }

  push(request: WaitingRequest<Item, Answer>): void {
    this.#waiting.push(request)
  }

  /** Cuts a request into parts that each fit one call; one that fits comes back as it is. */
  parts(items: readonly Item[]): readonly (readonly Item[])[] {
    if (this.#fits(items.length, this.lengthOf(items))) return [items]
    const parts: Item[][] = []
    let part: Item[] = []
    let length = 0
    for (const item of items) {
      const added = this.kind.lengthOf(item)
      if (part.length > 0 && !this.#fits(part.length + 1, length + added)) {
        parts.push(part)
        part = []
        length = 0
      }
      part.push(item)
      length += added
    }
    return [...parts, part]
  }

  /** The requests that waited longest, as many as fit one call. */
  take(): readonly WaitingRequest<Item, Answer>[] {
    let keys = 0
    let length = 0
    let count = 0
    for (const request of this.#waiting) {
      keys += request.items.length
      length += request.length
      if (count > 0 && !this.#fits(keys, length)) break
      count += 1
    }
    return this.#waiting.splice(0, count)
  }

  /** What the items weigh together. */
  lengthOf(items: readonly Item[]): number {
    let length = 0
    for (const item of items) length += this.kind.lengthOf(item)
    return length
  }

  #fits(keys: number, length: number): boolean {
    return keys <= this.#size.keysMax && length <= this.#size.lengthMax
  }
}
