import { type HashRange, inRange, keyHash, wholeRange } from '../../src/core/hash.ts'
import { isCorrupt, type ScanEntry, unreadableHead } from '../../src/core/record.ts'
import type { ScanOptions } from '../../src/replica.ts'
import { ChosenScan } from './chosen-scan.ts'
import { KeyspaceWalk, placeAfter, type Run, type WalkParts, type WalkPlace } from './keyspace-walk.ts'
import { HeadsBatch } from './read-batch.ts'
import type { RedisCall } from './redis-call.ts'

/** How many keys one `SCAN` looks at: enough to be quick, few enough to hold the server up for a millisecond at most. */
const scanCountMin = 10
const scanCountMax = 1_000

interface KeysFound {
  readonly keys: readonly string[]
  /** Where to go on; null when the server has no more. */
  readonly place: WalkPlace | null
}

interface ScanStep extends KeysFound {
  readonly heads: readonly ScanEntry[]
}

/** A scan of all masters, one after the other. */
export class RedisScan {
  readonly #parts: WalkParts
  readonly #options: ScanOptions
  readonly #walk: KeyspaceWalk
  readonly #isWanted: (key: string) => boolean

  constructor(parts: WalkParts, range: HashRange, options: ScanOptions) {
    this.#parts = parts
    this.#options = options
    this.#walk = new KeyspaceWalk(parts, options.signal)
    const isWhole = range.from <= wholeRange.from && range.to >= wholeRange.to
    this.#isWanted = isWhole ? () => true : (key) => inRange(keyHash(key), range)
  }

  async *pages(run: Run): AsyncIterable<readonly ScanEntry[]> {
    const { buckets, retired } = this.#options
    const chosen =
      buckets === undefined && retired === undefined ? null : new ChosenScan(this.#parts, this.#walk, this.#options)
    for await (const server of this.#walk.servers(run)) {
      yield* chosen === null ? this.#pagesOf(server, run) : this.#chosenPagesOf(chosen, server, run)
    }
  }

  async *#chosenPagesOf(chosen: ChosenScan, server: WalkPlace, run: Run): AsyncIterable<readonly ScanEntry[]> {
    for await (const heads of chosen.pagesOf(server, run)) {
      const wanted = heads.filter(({ key }) => this.#isWanted(key))
      // Also without a head, so that the caller can pace the work.
      if (wanted.length === 0) yield []
      yield* this.#cut(wanted)
    }
  }

  async *#pagesOf(server: WalkPlace, run: Run): AsyncIterable<readonly ScanEntry[]> {
    let place: WalkPlace | null = server
    let keys: readonly string[] = []
    while (place !== null || keys.length > 0) {
      this.#options.signal?.throwIfAborted()
      const step: ScanStep = await this.#step(place, keys, run)
      // Also without a head: so many keys of others may come first that the next one is not there in time for a page.
      if (step.heads.length === 0) yield []
      yield* this.#cut(step.heads)
      place = step.place
      keys = step.keys
    }
  }

  /** The heads of the keys found before, and the next keys: asked for together. */
  #step(place: WalkPlace | null, keys: readonly string[], run: Run): Promise<ScanStep> {
    return run(async (call) => {
      const [heads, found] = await Promise.all([
        this.#headsOf(keys, call),
        place === null ? { place: null, keys: [] } : this.#keysFrom(place, call),
      ])
      return { heads, ...found }
    })
  }

  async #headsOf(keys: readonly string[], call: RedisCall): Promise<ScanEntry[]> {
    if (keys.length === 0) return []
    const batch = new HeadsBatch(keys, this.#parts)
    await this.#parts.routes.perform(batch, call)
    return batch.answers
      .filter((answer) => answer !== null)
      .map((answer) => (isCorrupt(answer) ? unreadableHead(answer.key) : answer))
  }

  async #keysFrom(place: WalkPlace, call: RedisCall): Promise<KeysFound> {
    const { failures, stored } = this.#parts
    const { pageKeysMax, keyPrefix = '' } = this.#options
    const count = Math.min(Math.max(pageKeysMax, scanCountMin), scanCountMax)
    const args = ['SCAN', place.cursor, 'MATCH', stored.pattern(keyPrefix), 'COUNT', String(count)]
    const reply = await this.#walk.ask(place, { args }, call)
    const [cursor, found] = Array.isArray(reply) ? reply : []
    if (!Array.isArray(found)) throw failures.corrupt('SCAN answered with something else')
    const keys: string[] = []
    for (const text of found) {
      if (typeof text !== 'string') throw failures.corrupt('SCAN gave a key that is no text')
      const key = stored.recordKey(text)
      if (key !== null && this.#isWanted(key)) keys.push(key)
    }
    return { keys, place: placeAfter(place, cursor, failures) }
  }

  *#cut(heads: readonly ScanEntry[]): Iterable<readonly ScanEntry[]> {
    const { pageKeysMax, signal } = this.#options
    for (let start = 0; start < heads.length; start += pageKeysMax) {
      signal?.throwIfAborted()
      yield heads.slice(start, start + pageKeysMax)
    }
  }
}
