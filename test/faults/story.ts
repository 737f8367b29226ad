import { keyText, namespacePrefix } from '../../src/core/key.ts'
import type { QuorumView } from '../../src/quorum-view.ts'
import type { MovedClock } from './moved-clock.ts'

const batchKeys = 1_000
const ttlMs = 30_000

/** How many keys there are of each kind. */
const kinds = {
  rewritten: 500,
  deleted: 1_000,
  untouched: 500,
  written: 9_500,
  'passing early': 500,
  'passing late': 500,
} as const
const clearedCount = 500

type Kind = keyof typeof kinds

/**
 * A life of keys in which a replica is missing for a chapter. Everything is acknowledged, and on the book, so whatever any
 * reader sees otherwise is wrong.
 */
export class Story {
  /** Every live value by the key that replicas see. */
  readonly book = new Map<string, unknown>()
  readonly #main: QuorumView
  readonly #cleared: QuorumView
  readonly #clock: MovedClock

  constructor(view: QuorumView, clock: MovedClock) {
    this.#main = view.withNamespace('story')
    this.#cleared = view.withNamespace('cleared')
    this.#clock = clock
  }

  /** While all replicas are there. */
  async before(): Promise<void> {
    for (const kind of ['rewritten', 'deleted', 'untouched'] as const) await this.#set(kind, 'early')
    await setAll(this.#cleared, numbered('key', clearedCount), 'early')
    await this.#setPassing('passing early')
  }

  /** While one is missing: writes 10,000 keys, deletes 1,000, clears a namespace, lets 1,000 expire. */
  async meanwhile(): Promise<void> {
    await this.#set('rewritten', 'late')
    await this.#set('written', 'late')
    await this.#setPassing('passing late')
    await this.#delete('deleted')
    await this.#cleared.clear()
    this.#clock.putForward(ttlMs + 1)
  }

  /**
   * Reads through the store what was touched: of every kind the same tenth, because whatever is read is repaired, and the
   * rest is for others to mend.
   *
   * @returns what was not as the book says
   */
  async misreadOfTenth(): Promise<readonly string[]> {
    const keys = Object.entries(kinds).flatMap(([kind, count]) => numbered(kind, count / 10))
    const answers = await getAll(this.#main, keys)
    const wrong = keys.filter((key, index) => answers[index] !== this.book.get(this.#text(key)))
    const cleared = await getAll(this.#cleared, numbered('key', 50))
    return [...wrong, ...cleared.filter((value) => value !== undefined).map((value) => `cleared: ${value}`)]
  }

  async #set(kind: Kind, value: string): Promise<void> {
    const keys = numbered(kind, kinds[kind])
    await setAll(this.#main, keys, value)
    for (const key of keys) this.book.set(this.#text(key), value)
  }

  async #setPassing(kind: Kind): Promise<void> {
    await setAll(this.#main, numbered(kind, kinds[kind]), 'passing', this.#clock.nowMs + ttlMs)
  }

  async #delete(kind: Kind): Promise<void> {
    const keys = numbered(kind, kinds[kind])
    for (const part of partsOf(keys)) await this.#main.deleteMany(part)
    for (const key of keys) this.book.delete(this.#text(key))
  }

  #text(key: string): string {
    return keyText(namespacePrefix(this.#main.namespace), key)
  }
}

async function setAll(view: QuorumView, keys: readonly string[], value: string, expires?: number): Promise<void> {
  for (const part of partsOf(keys)) await view.setMany(part.map((key) => ({ key, value, expires })))
}

async function getAll(view: QuorumView, keys: readonly string[]): Promise<readonly unknown[]> {
  const answers: unknown[] = []
  for (const part of partsOf(keys)) answers.push(...(await view.getMany(part)))
  return answers
}

function numbered(name: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${name} ${index}`)
}

function partsOf(keys: readonly string[]): readonly string[][] {
  const parts: string[][] = []
  for (let from = 0; from < keys.length; from += batchKeys) parts.push(keys.slice(from, from + batchKeys))
  return parts
}
