import type { RedisArgument } from './driver.ts'
import type { RedisCommand } from './exchange.ts'
import { exchange } from './exchange.ts'
import { type LuaScript, scriptCommand } from './lua-scripts.ts'
import type { RedisCall } from './redis-call.ts'
import type { RedisFailures } from './redis-failures.ts'
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
}

export const walkStart = '0'

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
      servers: (await routes.masters(call)).map(({ name, runId }) => ({ name, runId, cursor: walkStart })),
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
    if (typeof cursor !== 'string' || typeof keysCount !== 'number' || typeof length !== 'number') {
      throw failures.corrupt('the script of a scan answered with something else')
    }
    if (keysCount > 0) this.#reads = routes.isOneSlot && length <= wholeLengthMax ? 'whole' : 'head'
    return { place: cursor === walkStart ? null : { ...place, cursor }, keysCount, more }
  }
}
