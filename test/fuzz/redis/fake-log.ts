import { FakeErrorReply, type Reply } from './reply.ts'

interface Entry {
  readonly ms: bigint
  readonly count: bigint
  readonly field: string
  readonly text: string
}

const firstMs = 1_750_000_000_000n
const largest = 2n ** 64n - 1n

/** A stream, as far as the log of changes uses it. */
export class FakeLog {
  #entries: readonly Entry[] = []

  /** As `XADD` takes them. */
  get entries(): readonly (readonly [id: string, fields: readonly [string, string]])[] {
    return this.#entries.map(({ ms, count, field, text }) => [`${ms}-${count}`, [field, text]])
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0
  }

  /** Three entries share a millisecond each. */
  add(field: string, text: string): void {
    const place = BigInt(this.#entries.length)
    this.#entries = [...this.#entries, { ms: firstMs + place / 3n, count: place % 3n, field, text }]
  }

  /** The same log with the last so many entries alone. */
  trimmed(kept: number): FakeLog {
    const trimmed = new FakeLog()
    trimmed.#entries = this.#entries.slice(this.#entries.length - kept)
    return trimmed
  }

  /** A log that was lost and filled anew: the same ids, and other calls. */
  madeAnew(): FakeLog {
    const anew = new FakeLog()
    anew.#entries = this.#entries.map((entry) => ({ ...entry, field: `other${entry.field}` }))
    return anew
  }

  last(): Reply {
    return this.#entries.slice(-1).map(replyOf)
  }

  range(from: string, to: string, countMax: number): Reply {
    const [start, end] = [idOf(from), idOf(to)]
    if (start === null || end === null) {
      return new FakeErrorReply('ERR Invalid stream ID specified as stream command argument')
    }
    const found = this.#entries.filter((entry) => isUpTo(start, entry) && isUpTo(entry, end))
    return found.slice(0, countMax).map(replyOf)
  }
}

type Id = Pick<Entry, 'ms' | 'count'>

/** Null for what a server refuses: both parts have 64 bits. */
function idOf(text: string): Id | null {
  const [, ms, count] = /^(\d+)-(\d+)$/.exec(text) ?? []
  if (ms === undefined || count === undefined) return null
  const id = { ms: BigInt(ms), count: BigInt(count) }
  return id.ms > largest || id.count > largest ? null : id
}

function isUpTo(one: Id, other: Id): boolean {
  return one.ms < other.ms || (one.ms === other.ms && one.count <= other.count)
}

function replyOf({ ms, count, field, text }: Entry): Reply {
  return [`${ms}-${count}`, [field, text]]
}
