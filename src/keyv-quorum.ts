import { openReplica, type ReplicaSource } from '../adapters/open.ts'
import { type QuorumOptions, resolveOptions } from './config.ts'
import { Engine } from './engine.ts'
import { ConfigError } from './errors.ts'
import { QuorumView } from './quorum-view.ts'
import type { Replica } from './replica.ts'

/**
 * A Keyv store that keeps every value on n replicas, writes to all of them and succeeds at w, reads from all of them and
 * answers at r, newest wins.
 *
 * ```ts
 * const store = new KeyvQuorum(['redis://a', 'postgres://b/app', 'sqlite://c.db'])
 * const sessions = new Keyv(store, { namespace: 'sessions', ttl: 60_000 })
 * ```
 */
export class KeyvQuorum extends QuorumView {
  /**
   * @param sources one for each replica: a URI, a Keyv adapter, a driver's client, `{ use, … }`, any Keyv store, or a
   *   ready `Replica`
   * @throws ConfigError naming what is wrong and what was expected; nothing is left open
   */
  constructor(sources: readonly ReplicaSource[], options: QuorumOptions = {}) {
    const engine = openEngine(sources, options)
    super(engine, engine.options)
  }

  /** Resolves when no read repair waits or is under way. */
  repairsDone(): Promise<void> {
    return this.engine.repairsDone()
  }

  /** Finishes the repairs under way, within `deadlineMs`, and closes all replicas. Safe to call twice. */
  override disconnect(): Promise<void> {
    return this.engine.close()
  }
}

function openEngine(sources: readonly ReplicaSource[], options: QuorumOptions): Engine {
  const replicas: Replica[] = []
  try {
    if (!Array.isArray(sources)) throw new ConfigError('replicas', 'a list of replicas, one entry each')
    for (const [index, source] of sources.entries()) replicas.push(openReplica(source, `replicas[${index}]`))
    return new Engine(replicas, resolveOptions(options, replicas))
  } catch (error) {
    for (const replica of replicas) void replica.close().catch(() => undefined)
    throw error
  }
}
