import { type HashRange, inRange, keyHash, wholeRange } from '../../src/core/hash.ts'
import { isCorrupt, type ScanEntry, unreadableHead } from '../../src/core/record.ts'
import type { ScanOptions } from '../../src/replica.ts'
import { exchange } from './exchange.ts'
import { HeadsBatch } from './read-batch.ts'
import type { RedisCall } from './redis-call.ts'
import type { RedisFailures } from './redis-failures.ts'
import type { RedisLink } from './redis-link.ts'
import type { RedisRoutes } from './redis-routes.ts'
import type { StoredKeys } from './stored-keys.ts'

export interface RedisScanParts {
  readonly routes: RedisRoutes
  readonly stored: StoredKeys
  readonly failures: RedisFailures
}

/** How many keys one `SCAN` looks at: enough to be quick, few enough to hold the server up for a millisecond at most. */
const scanCountMin = 10
const scanCountMax = 1_000
const scanStart = '0'

type Run = <Answer>(work: (call: RedisCall) => Promise<Answer>) => Promise<Answer>

/** The place of a scan within one server. */
interface ScanPlace {
  readonly name: string
  readonly runId: string
  readonly cursor: string
}

interface KeysFound {
  readonly keys: readonly string[]
  /** Where to go on; null when the server has no more. */
  readonly place: ScanPlace | null
}

interface ScanStep extends KeysFound {
  readonly heads: readonly ScanEntry[]
}

/**
 * A scan of all masters, one after the other.
 *
 * `SCAN` gives every key that is there throughout, as long as the same server process answers and no key moves between
 * servers; so the scan rejects when a server was restarted or replaced under way, or when slots have moved.
 */
export class RedisScan {
  readonly #parts: RedisScanParts
  readonly #options: ScanOptions
  readonly #isWanted: (key: string) => boolean

  constructor(parts: RedisScanParts, range: HashRange, options: ScanOptions) {
    this.#parts = parts
    this.#options = options
    const isWhole = range.from <= wholeRange.from && range.to >= wholeRange.to
    this.#isWanted = isWhole ? () => true : (key) => inRange(keyHash(key), range)
  }

  async *pages(run: Run): AsyncIterable<readonly ScanEntry[]> {
    const { routes, failures } = this.#parts
    const { signal } = this.#options
    signal?.throwIfAborted()
    const { layout, servers } = await run(async (call) => ({
      layout: await routes.layout(call),
      servers: (await routes.masters(call)).map(({ name, runId }) => ({ name, runId, cursor: scanStart })),
    }))
    for (const server of servers) yield* this.#pagesOf(server, run)
    signal?.throwIfAborted()
    if ((await run((call) => routes.layout(call))) !== layout) {
      throw failures.unavailable('slots moved between the nodes during the scan')
    }
  }

  async *#pagesOf(server: ScanPlace, run: Run): AsyncIterable<readonly ScanEntry[]> {
    let place: ScanPlace | null = server
    let keys: readonly string[] = []
    while (place !== null || keys.length > 0) {
      this.#options.signal?.throwIfAborted()
      const step: ScanStep = await this.#step(place, keys, run)
      yield* this.#cut(step.heads)
      place = step.place
      keys = step.keys
    }
  }

  /** The heads of the keys found before, and the next keys: asked for together. */
  #step(place: ScanPlace | null, keys: readonly string[], run: Run): Promise<ScanStep> {
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

  async #keysFrom(place: ScanPlace, call: RedisCall): Promise<KeysFound> {
    const { routes, failures, stored } = this.#parts
    const link = await routes.linkTo(place.name, call)
    if (link.runId !== place.runId) throw failures.unavailable('a server was restarted or replaced during the scan')
    const reply = await this.#scanCommand(link, place.cursor, call)
    const [cursor, found] = Array.isArray(reply) ? reply : []
    if (typeof cursor !== 'string' || !Array.isArray(found)) throw failures.corrupt('SCAN answered with something else')
    const keys: string[] = []
    for (const text of found) {
      const key = stored.recordKey(String(text))
      if (key !== null && this.#isWanted(key)) keys.push(key)
    }
    return { keys, place: cursor === scanStart ? null : { ...place, cursor } }
  }

  async #scanCommand(link: RedisLink, cursor: string, call: RedisCall): Promise<unknown> {
    const { stored, failures } = this.#parts
    const { pageKeysMax, keyPrefix = '' } = this.#options
    const count = Math.min(Math.max(pageKeysMax, scanCountMin), scanCountMax)
    const args = ['SCAN', cursor, 'MATCH', stored.pattern(keyPrefix), 'COUNT', String(count)]
    const [reply] = await exchange({ link, call, failures, changes: false }, [{ indexes: [], commands: [{ args }] }])
    if (link.isError(reply)) throw failures.ofReply(reply)
    return reply
  }

  *#cut(heads: readonly ScanEntry[]): Iterable<readonly ScanEntry[]> {
    const { pageKeysMax, signal } = this.#options
    for (let start = 0; start < heads.length; start += pageKeysMax) {
      signal?.throwIfAborted()
      yield heads.slice(start, start + pageKeysMax)
    }
  }
}
