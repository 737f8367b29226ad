import { type HashRange, hashSpace, inRange, keyHash, wholeRange } from '../core/hash.ts'
import { isDead } from '../core/record.ts'
import type { CoordinatorContext, OperationPlan } from './context.ts'
import { searchReplicas } from './search.ts'

export interface IterationLimits {
  /** The most keys remembered at once. With more keys than that the replicas are gone through several times. */
  readonly keysMax: number
  readonly pageKeysMax: number
}

export const iterationLimits: IterationLimits = { keysMax: 100_000, pageKeysMax: 1_000 }

/**
 * Every key with the prefix that some replica holds alive, or cannot read, each exactly once, in pages, in bounded memory.
 *
 * The keys are collected range of hashes by range of hashes. When a range holds more keys than may be remembered, its
 * upper half is put off to the next pass; so nothing has to be known about their number beforehand.
 */
export async function* liveKeys(
  context: CoordinatorContext,
  plan: OperationPlan,
  keyPrefix: string,
  limits: IterationLimits,
  whole: HashRange = wholeRange,
): AsyncGenerator<string[]> {
  let range = whole
  while (range.from < whole.to) {
    const collection = new Collection(range, limits.keysMax)
    await searchReplicas(context, plan, 'iterator', async (replica) => {
      const options = { keyPrefix, pageKeysMax: limits.pageKeysMax, pageTimeoutMs: plan.callTimeoutMs }
      for await (const heads of replica.scan(collection.range, options)) {
        const nowMs = context.runtime.clock.nowMs()
        for (const head of heads) {
          if (head.key.startsWith(keyPrefix) && !isDead(head, nowMs)) collection.add(head.key)
        }
      }
    })
    yield* collection.pages(limits.pageKeysMax)
    range = { from: collection.range.to, to: whole.to }
  }
}

class Collection {
  #range: HashRange
  readonly #keysMax: number
  readonly #hashes = new Map<string, number>()

  constructor(range: HashRange, keysMax: number) {
    this.#range = range
    this.#keysMax = keysMax
  }

  get range(): HashRange {
    return this.#range
  }

  add(key: string): void {
    const hash = keyHash(key)
    if (!inRange(hash, this.#range)) return
    this.#hashes.set(key, hash)
    if (this.#hashes.size > this.#keysMax) this.#putOffUpperHalf()
  }

  *pages(pageKeysMax: number): Generator<string[]> {
    let page: string[] = []
    for (const key of this.#hashes.keys()) {
      page.push(key)
      if (page.length < pageKeysMax) continue
      yield page
      page = []
    }
    if (page.length > 0) yield page
  }

  #putOffUpperHalf(): void {
    const sorted = Uint32Array.from(this.#hashes.values()).sort()
    const median = sorted[sorted.length >> 1] ?? hashSpace
    // All keys under one hash cannot be parted; they are kept, over the limit.
    if (median <= this.#range.from) return
    this.#range = { from: this.#range.from, to: median }
    for (const [key, hash] of this.#hashes) if (hash >= median) this.#hashes.delete(key)
  }
}
