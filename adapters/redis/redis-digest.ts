import { addSum, bucketBase, bucketOf, digitsOf, emptyDigest } from '../../src/core/digest.ts'
import { type HashRange, wholeRange } from '../../src/core/hash.ts'
import type { DigestOptions, DigestStep } from '../../src/replica.ts'
import type { Random } from '../../src/runtime.ts'
import { isCount, KeyspaceWalk, type Run, ScriptPages, type WalkParts, type WalkPlace } from './keyspace-walk.ts'
import { digestScript, sumsScript } from './lua-pages.ts'
import { scriptCommand } from './lua-scripts.ts'
import { retirementTexts } from './retirement-texts.ts'

export interface DigestParts extends WalkParts {
  readonly random: Random
}

/** How long sums wait for the next page, in ms, before the server forgets them: only a caller that is gone takes so long. */
const sumsLifetimeMs = 600_000
/** How many sums one script reads: a millisecond's worth. */
const sumsPerRead = 2_500
const keyDigits = 16

/**
 * The sums of a range. Each master adds up its own in a key of its own, page by page, and they are read at the end. So
 * what travels is a few bytes a page and the sums.
 */
export class RedisDigest {
  readonly #parts: DigestParts
  readonly #options: DigestOptions
  readonly #walk: KeyspaceWalk
  readonly #range: HashRange
  readonly #values: readonly string[]

  constructor(parts: DigestParts, range: HashRange, options: DigestOptions) {
    this.#parts = parts
    this.#options = options
    this.#walk = new KeyspaceWalk(parts, options.signal)
    this.#range = { from: Math.max(range.from, wholeRange.from), to: Math.min(range.to, wholeRange.to) }
    const { from, to } = this.#range
    const isWhole = from === wholeRange.from && to === wholeRange.to
    const rangeTexts = isWhole ? [] : [digitsOf(from), digitsOf(to)]
    this.#values = [...retirementTexts(options.retirement), String(sumsLifetimeMs), ...rangeTexts]
  }

  async *steps(run: Run): AsyncIterable<DigestStep> {
    for await (const server of this.#walk.servers(run)) yield* this.#stepsOf(server, run)
  }

  async *#stepsOf(server: WalkPlace, run: Run): AsyncIterable<DigestStep> {
    const key = this.#sumsKey(server.name)
    let isFailed = false
    try {
      const pages = yield* this.#pagesOf(server, key, run)
      yield* this.#sums(server, key, pages, run)
    } catch (error) {
      isFailed = true
      throw error
    } finally {
      const dropped = run((call) => this.#walk.ask(server, { args: ['UNLINK', key] }, call)).catch(() => undefined)
      // After a failure the server may be gone, and whoever waits for the digest shall not wait for that too.
      if (!isFailed) await dropped
    }
  }

  async *#pagesOf(server: WalkPlace, key: string, run: Run): AsyncGenerator<DigestStep, number> {
    const pages = new ScriptPages(this.#parts, this.#walk, '')
    let count = 0
    for (let place: WalkPlace | null = server; place !== null; ) {
      this.#options.signal?.throwIfAborted()
      const from: WalkPlace = place
      const page = await run((call) => pages.next(digestScript, [key], from, this.#values, call))
      count += 1
      const [pagesCounted, retired] = page.more
      if (pagesCounted !== count) throw this.#lost()
      if (!isCount(retired)) throw this.#parts.failures.corrupt('the script of a digest did not count')
      place = page.place
      yield { records: page.keysCount, sums: null, retired }
    }
    return count
  }

  /** A step for each script, though the sums come with the last: all in one would be late where the server is far away. */
  async *#sums(server: WalkPlace, key: string, pages: number, run: Run): AsyncIterable<DigestStep> {
    const sums = emptyDigest()
    const { from, to } = this.#range
    const end = from < to ? bucketOf(to - 1) + 1 : 0
    for (let first = bucketOf(from); first < end; first += sumsPerRead) {
      this.#options.signal?.throwIfAborted()
      const count = Math.min(sumsPerRead, end - first)
      const values = [bucketBase + first, count, pages].map(String)
      const reply = await run((call) => this.#walk.ask(server, scriptCommand(sumsScript, [key], values), call))
      if (typeof reply !== 'string') throw this.#lost()
      for (const [place, sum] of this.#sumsIn(reply, count).entries()) addSum(sums, first + place, sum)
      if (first + count < end) yield { records: 0, sums: null, retired: 0 }
    }
    yield { records: 0, sums, retired: 0 }
  }

  #sumsIn(text: string, count: number): readonly number[] {
    const sums = text.split(',').map(Number)
    const isWhole = sums.length === count && sums.every((sum) => sum >>> 0 === sum)
    if (!isWhole) throw this.#parts.failures.corrupt('the sums of a digest came as something else')
    return sums
  }

  /** A key at this server: in a cluster, in one of its slots. */
  #sumsKey(name: string): string {
    const { routes, stored, random, failures } = this.#parts
    const unique = random.hex(keyDigits)
    for (let place = 0; place < placesMax; place += 1) {
      const key = stored.sumsKey(unique, place)
      if (routes.nameFor(key) === name) return key
    }
    throw failures.unavailable(`${name} holds no slot`)
  }

  #lost(): Error {
    return this.#parts.failures.unavailable('the server lost the sums of a digest')
  }
}

/** Enough to meet every slot of a server that has a hundredth of a percent of them. */
const placesMax = 100_000
