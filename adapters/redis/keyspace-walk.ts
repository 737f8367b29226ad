import type { RedisArgument } from './driver.ts'
import type { RedisCommand } from './exchange.ts'
import { exchange } from './exchange.ts'
import { type LuaScript, scriptCommand } from './lua-scripts.ts'
import type { RedisCall } from './redis-call.ts'
import type { RedisFailures } from './redis-failures.ts'
import type { RedisLink } from './redis-link.ts'
import type { RedisRoutes } from './redis-routes.ts'
import type { StoredKeys } from './stored-keys.ts'

export interface WalkParts {
  readonly routes: RedisRoutes
  readonly stored: StoredKeys
  readonly failures: RedisFailures
}

export type Run = <Answer>(work: (call: RedisCall) => Promise<Answer>) => Promise<Answer>

/** The place of a walk within one server. */
export interface WalkPlace {
  readonly name: string
  readonly runId: string
  readonly cursor: string
  /** How many cursors came before. */
  readonly cursors: number
  /** One of them. */
  readonly metCursor: string
}

/** The cursor that a walk starts and ends with. */
const walkEdge = '0'
const cursorPattern = /^\d{1,20}$/

/**
 * Where a walk goes on; null after its end.
 *
 * No server gives a cursor twice in one walk, whatever becomes of its table meanwhile. One that does, because something
 * between us and the server sends commands now here and now there, would lead round for ever. By Brent's method: the cursor
 * to look out for is that of every power of two.
 */
export function placeAfter(place: WalkPlace, cursor: unknown, failures: RedisFailures): WalkPlace | null {
  if (typeof cursor !== 'string' || !cursorPattern.test(cursor)) throw failures.corrupt('SCAN gave no cursor')
  if (cursor === walkEdge) return null
  if (cursor === place.metCursor) throw failures.corrupt('SCAN leads round and round: a cursor came twice')
  const cursors = place.cursors + 1
  const isPowerOfTwo = (cursors & (cursors - 1)) === 0
  return { ...place, cursor, cursors, metCursor: isPowerOfTwo ? cursor : place.metCursor }
}

/**
 * A walk over the keys of all masters, one after the other.
 *
 * `SCAN` gives every key that is there throughout, as long as the same server process answers and no key moves between
 * servers; so the walk rejects when a server was restarted or replaced under way, or when slots have moved.
 */
export class KeyspaceWalk {
  readonly #parts: WalkParts
  readonly #signal: AbortSignal | undefined

  constructor(parts: WalkParts, signal: AbortSignal | undefined) {
    this.#parts = parts
    this.#signal = signal
  }

  /** Where to start at each server. Ends well only where all that was found between start and end is all there is. */
  async *servers(run: Run): AsyncIterable<WalkPlace> {
    const { routes, failures } = this.#parts
    this.#signal?.throwIfAborted()
    const { layout, servers } = await run(async (call) => ({
      layout: await routes.layout(call),
      servers: (await routes.masters(call)).map(placeAtStart),
    }))
    yield* servers
    this.#signal?.throwIfAborted()
    if ((await run((call) => routes.layout(call))) !== layout) {
      throw failures.unavailable('slots moved between the nodes during the scan')
    }
  }

  /** Sends one command to the server of a place. */
  async ask(place: WalkPlace, command: RedisCommand, call: RedisCall): Promise<unknown> {
    const { routes, failures } = this.#parts
    const link = await routes.linkTo(place.name, call)
    if (link.runId !== place.runId) throw failures.unavailable('a server was restarted or replaced during the scan')
    const [reply] = await exchange({ link, call, failures, changes: false }, [{ indexes: [], commands: [command] }])
    if (link.isError(reply)) throw failures.ofReply(reply)
    return reply
  }
}

function placeAtStart({ name, runId }: RedisLink): WalkPlace {
  return { name, runId, cursor: walkEdge, cursors: 0, metCursor: walkEdge }
}

/** So many keys a page, of which a script reads the heads, hold the server up for a millisecond. */
const scriptPageKeys = '200'
/** Of longer texts only the heads are read, one by one. */
const wholeLengthMax = 512

export interface ScriptPage {
  /** Null after the last page. */
  readonly place: WalkPlace | null
  readonly keysCount: number
  /** What the script answered besides. */
  readonly more: readonly unknown[]
}

/** The pages of one of the scripts of `lua-pages.ts`, which run where the keys are. */
export class ScriptPages {
  readonly #parts: WalkParts
  readonly #walk: KeyspaceWalk
  readonly #pattern: string
  #reads: 'whole' | 'head' = 'head'

  constructor(parts: WalkParts, walk: KeyspaceWalk, keyPrefix: string) {
    this.#parts = parts
    this.#walk = walk
    this.#pattern = parts.stored.pattern(keyPrefix)
  }

  async next(
    script: LuaScript,
    keys: readonly string[],
    place: WalkPlace,
    values: readonly RedisArgument[],
    call: RedisCall,
  ): Promise<ScriptPage> {
    const { routes, failures } = this.#parts
    const common = [place.cursor, this.#pattern, scriptPageKeys, this.#reads]
    const reply = await this.#walk.ask(place, scriptCommand(script, keys, [...common, ...values]), call)
    const [cursor, keysCount, length, ...more] = Array.isArray(reply) ? reply : []
    if (typeof cursor !== 'string' || !isCount(keysCount) || typeof length !== 'number') {
      throw failures.corrupt('the script of a scan answered with something else')
    }
    if (keysCount > 0) this.#reads = routes.isOneSlot && length <= wholeLengthMax ? 'whole' : 'head'
    return { place: placeAfter(place, cursor, failures), keysCount, more }
  }
}

export function isCount(reply: unknown): reply is number {
  return Number.isSafeInteger(reply) && Number(reply) >= 0
}
