import { bucketOf } from '../../src/core/digest.ts'
import { type HashRange, inRange, keyHash } from '../../src/core/hash.ts'
import type { ScanEntry } from '../../src/core/record.ts'
import { isRetired } from '../../src/core/retirement.ts'
import { ReplicaError } from '../../src/errors.ts'
import type { ScanOptions } from '../../src/replica.ts'
import type { Timers } from '../../src/runtime.ts'
import type { StoreCalls } from './store-calls.ts'
import { storeFailure } from './store-failure.ts'
import { entryOfStore, lineageKey } from './stored-text.ts'

/** So that a scan that finds little still comes back with a page, if an empty one, now and then. */
const visitsPerPageMax = 1000

/**
 * One scan over the iterator of a store.
 *
 * Iterators of stores are not to be trusted: official ones emit an error and end, or list nothing at all under some
 * settings. So a scan counts the errors emitted meanwhile, and must have come across the lineage, which every store
 * holds: a walk that ends without it has not seen everything.
 */
export class KeyvScan {
  readonly #replica: string
  readonly #calls: StoreCalls
  readonly #timers: Timers
  readonly #options: ScanOptions
  readonly #range: HashRange
  /** Null for all. */
  readonly #buckets: ReadonlySet<number> | null
  readonly #entries: AsyncIterator<unknown> | Iterator<unknown>
  readonly #errorsBefore: number
  #hasSeenLineage = false
  #isOver = false

  constructor(replica: string, calls: StoreCalls, timers: Timers, range: HashRange, options: ScanOptions) {
    this.#replica = replica
    this.#calls = calls
    this.#timers = timers
    this.#range = range
    this.#options = options
    this.#buckets = options.buckets === undefined ? null : new Set(options.buckets)
    this.#errorsBefore = calls.errorsEmitted
    const entries = calls.entries()
    if (entries === null) throw this.#rejected('the store has no iterator, so it cannot be scanned')
    this.#entries = entries
  }

  /** The next page; null after the last. */
  async nextPage(): Promise<ScanEntry[] | null> {
    if (this.#isOver) return null
    let cancelTimer: (() => void) | undefined
    const timeIsOver = new Promise<never>((_, reject) => {
      cancelTimer = this.#timers.after(this.#options.pageTimeoutMs, () => {
        this.#isOver = true
        const message = `no page of a scan within ${this.#options.pageTimeoutMs} ms`
        reject(new ReplicaError('TIMEOUT', message, { replica: this.#replica }))
      })
    })
    try {
      return await Promise.race([this.#fillPage(), timeIsOver])
    } catch (error) {
      this.#isOver = true
      throw storeFailure(this.#replica, error, 'read')
    } finally {
      cancelTimer?.()
    }
  }

  /** Lets go of the iterator; nobody waits for it, because one that hangs would hang here too. */
  end(): void {
    this.#isOver = true
    const letGo = async () => this.#entries.return?.()
    letGo().catch(() => undefined)
  }

  async #fillPage(): Promise<ScanEntry[]> {
    const page: ScanEntry[] = []
    for (let visits = 0; visits < visitsPerPageMax && page.length < this.#options.pageKeysMax; visits += 1) {
      const { done, value } = await this.#entries.next()
      if (this.#isOver) return []
      if (done === true) {
        this.#expectComplete()
        this.#isOver = true
        return page
      }
      const head = this.#visit(value)
      if (head !== null) page.push(head)
    }
    return page
  }

  #visit(entry: unknown): ScanEntry | null {
    if (!Array.isArray(entry)) return null
    const [key, stored] = entry
    if (typeof key === 'string' && key.endsWith(lineageKey)) this.#hasSeenLineage = true
    const head = entryOfStore(key, stored)
    if (head === 'unknown key') {
      throw new ReplicaError('CORRUPT', 'the key of a record cannot be read', { replica: this.#replica })
    }
    return head !== null && this.#isWanted(head) ? head : null
  }

  #isWanted(head: ScanEntry): boolean {
    const { keyPrefix = '', retired } = this.#options
    if (!head.key.startsWith(keyPrefix) || (retired !== undefined && !isRetired(head, retired))) return false
    const hash = keyHash(head.key)
    return inRange(hash, this.#range) && this.#buckets?.has(bucketOf(hash)) !== false
  }

  #expectComplete(): void {
    if (this.#calls.errorsEmitted !== this.#errorsBefore) throw this.#calls.emittedFailure('read')
    if (!this.#hasSeenLineage) {
      throw this.#rejected('the iterator of the store does not list what the store holds, so it cannot be scanned')
    }
  }

  #rejected(message: string): ReplicaError {
    return new ReplicaError('REJECTED', message, { replica: this.#replica })
  }
}
