import type { ChangesStep } from '../../src/replica.ts'
import { exchange, type RedisCommand } from './exchange.ts'
import type { Run, WalkParts } from './keyspace-walk.ts'
import { logEntry, scriptCommand, startLogScript } from './lua-scripts.ts'
import type { RedisCall } from './redis-call.ts'

interface LogEntry {
  readonly id: string
  /** Which call added it: ids are times, so a log that was lost and made anew may give one again. */
  readonly callText: string
  readonly text: string
}

/** Entries of a step, of about a kilobyte at most each. */
const entriesPerStep = 100
const positionPattern = /^(\d{1,20}-\d{1,20}):(\w{1,40})$/
const idPattern = /^(\d{1,20})-(\d{1,20})$/
const idPartMax = 2n ** 64n - 1n

/**
 * What the log of changes holds after a position. A position names an entry, and what the log reaches back to is an entry
 * that is still there; so a log that was trimmed, lost or set back tells so.
 */
export class RedisChanges {
  readonly #parts: WalkParts
  readonly #callText: string
  readonly #signal: AbortSignal | undefined

  constructor(parts: WalkParts, callText: string, signal: AbortSignal | undefined) {
    this.#parts = parts
    this.#callText = callText
    this.#signal = signal
  }

  async *steps(after: string | null, run: Run): AsyncIterable<ChangesStep> {
    this.#signal?.throwIfAborted()
    const now = await run((call) => this.#now(call))
    if (after === null) {
      yield { keys: [], position: positionOf(now) }
      return
    }
    let position = after
    for (let isOver = false; !isOver; ) {
      this.#signal?.throwIfAborted()
      const entries = await run((call) => this.#from(position, now, call))
      const [first, ...more] = entries
      if (first === undefined || positionOf(first) !== position || more.some(({ text }) => text === logEntry.gap)) {
        yield { keys: [], position: positionOf(now), isGap: true }
        return
      }
      isOver = entries.length <= entriesPerStep
      position = positionOf(entries.at(-1) ?? first)
      yield { keys: this.#keysOf(more), position }
    }
  }

  /** The last entry; an empty log gets one. */
  async #now(call: RedisCall): Promise<LogEntry> {
    const last = { args: ['XREVRANGE', this.#key, '+', '-', 'COUNT', '1'] }
    const [found] = await this.#entries(last, call)
    if (found !== undefined) return found
    const [started] = await this.#entries(scriptCommand(startLogScript, [this.#key], [this.#callText]), call)
    if (started === undefined) throw this.#parts.failures.corrupt('the log of changes is empty')
    return started
  }

  /** The entry at a position and those after it. */
  async #from(position: string, now: LogEntry, call: RedisCall): Promise<LogEntry[]> {
    const [, id] = positionPattern.exec(position) ?? []
    if (id === undefined || !isId(id)) return []
    const args = ['XRANGE', this.#key, id, now.id, 'COUNT', String(entriesPerStep + 1)]
    const entries = await this.#entries({ args }, call)
    // Otherwise the steps might lead round and round.
    if (!isAscending([...entries.map((entry) => entry.id), now.id])) {
      throw this.#parts.failures.corrupt('the log of changes came in another order')
    }
    return entries
  }

  async #entries(command: RedisCommand, call: RedisCall): Promise<LogEntry[]> {
    const { routes, failures } = this.#parts
    const [link] = await routes.masters(call)
    if (link === undefined) throw failures.unavailable('no server holds the log of changes')
    const [reply] = await exchange({ link, call, failures, changes: false }, [{ indexes: [], commands: [command] }])
    if (link.isError(reply)) throw failures.ofReply(reply)
    const entries = Array.isArray(reply) ? reply.map(entryOf) : [null]
    if (!entries.every((entry) => entry !== null)) {
      throw failures.corrupt('the log of changes was answered with something else')
    }
    return entries
  }

  #keysOf(entries: readonly LogEntry[]): string[] {
    const keys = new Set<string>()
    for (const { text } of entries) {
      if (!text.startsWith(logEntry.keys)) continue
      for (const stored of text.slice(logEntry.keys.length).split('\0')) {
        const key = this.#parts.stored.recordKey(stored)
        if (key !== null) keys.add(key)
      }
    }
    return [...keys]
  }

  get #key(): string {
    return this.#parts.stored.logKey
  }
}

/** Of `[id, [field, value]]`, null for anything else; a value that is not ours tells nothing, so it is a gap. */
function entryOf(reply: unknown): LogEntry | null {
  const [id, fields] = Array.isArray(reply) ? reply : []
  const [callText, text] = Array.isArray(fields) ? fields : []
  if (typeof id !== 'string' || typeof callText !== 'string' || typeof text !== 'string') return null
  if (!isId(id)) return null
  return { id, callText, text: /^[a-z]/.test(text) ? text : logEntry.gap }
}

/** Each id after the one before; the last two may be the same. */
function isAscending(ids: readonly string[]): boolean {
  const [first, ...others] = ids.map(numberOf)
  let before = first ?? 0n
  return others.every((id, index) => {
    const isAfter = id > before || (id === before && index === others.length - 1)
    before = id
    return isAfter
  })
}

/** A server refuses larger parts. */
function isId(text: string): boolean {
  const [, ms, count] = idPattern.exec(text) ?? []
  return ms !== undefined && count !== undefined && BigInt(ms) <= idPartMax && BigInt(count) <= idPartMax
}

function numberOf(id: string): bigint {
  const [, ms = '0', count = '0'] = idPattern.exec(id) ?? []
  return BigInt(ms) * (idPartMax + 1n) + BigInt(count)
}

function positionOf({ id, callText }: LogEntry): string {
  return `${id}:${callText}`
}
