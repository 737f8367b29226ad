import type { FakeRedis } from './fake-redis.ts'
import type { Meddle } from './redis-scene.ts'

/** The cursors that a server gives, in the place of those that are right. */
export interface Cursors {
  /** So many that never come again, before those that do. */
  readonly lead: number
  /** So many that come again and again; none for one that is never the same. */
  readonly round: number
}

/** Gives cursors that never lead back to the start. */
export class EndlessCursors {
  readonly #cursors: Cursors
  #given = 0

  constructor(cursors: Cursors) {
    this.#cursors = cursors
  }

  get given(): number {
    return this.#given
  }

  readonly meddle: Meddle = (reply) => {
    if (!isPage(reply)) return { reply }
    const [, ...rest] = reply
    return { reply: [this.#next(), ...rest] }
  }

  /** Those of the first pages of a server that holds a dozen keys are among them, so that keys come again as well. */
  #next(): string {
    const { lead, round } = this.#cursors
    const place = this.#given
    this.#given += 1
    if (place < lead || round === 0) return String(1_000 + place)
    return String(4 * (1 + ((place - lead) % round)))
  }
}

/** What `SCAN` and the scripts of a walk answer: a cursor, and keys or counts after it. */
function isPage(reply: unknown): reply is readonly unknown[] {
  if (!Array.isArray(reply) || reply.length < 2) return false
  const [cursor, next] = reply
  return typeof cursor === 'string' && /^\d+$/.test(cursor) && (typeof next === 'number' || Array.isArray(next))
}

export type EndlessLog = 'the same entry' | 'there and back' | 'backwards' | 'ever later'

const entriesPerReply = 101
const idPattern = /^(\d+)-(\d+)$/

/** Answers every `XRANGE` with as many entries as were asked for, so that there always seem to be more. */
export function endlessLog(kind: EndlessLog): Meddle {
  let fields: unknown = null
  return (reply, [name = '', , from = '']) => {
    if (name !== 'XRANGE' || !Array.isArray(reply)) return { reply }
    const [, ms = '0', count = '0'] = idPattern.exec(from) ?? []
    // Always those of the entry that was asked for first, so that every position is met again.
    fields ??= reply[0]?.[1]
    const entries = Array.from({ length: entriesPerReply }, (_, place) => [
      `${ms}-${Math.max(0, Number(count) + stepOf(kind, place))}`,
      fields,
    ])
    return { reply: entries }
  }
}

function stepOf(kind: EndlessLog, place: number): number {
  if (kind === 'the same entry') return 0
  if (kind === 'ever later') return place
  if (kind === 'backwards') return -place
  return place % 2
}

/** Holds so many records of others before those that are wanted. */
export function fillWithOthers(server: FakeRedis, count: number): void {
  const own = [...server.texts]
  server.texts.clear()
  for (let place = 0; place < count; place += 1) server.texts.set(`other:${place}`, 'not ours')
  for (const [key, text] of own) server.texts.set(key, text)
}
