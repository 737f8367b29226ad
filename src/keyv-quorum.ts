import { openReplica, type ReplicaSource } from '../adapters/open.ts'
import type { SweepOptions } from './background/sweep/sweep-options.ts'
import { type QuorumOptions, type QuorumWish, resolveOptions } from './config.ts'
import type { SweepEntry } from './core/ledger.ts'
import { newValue } from './core/record.ts'
import { Engine } from './engine.ts'
import { ConfigError } from './errors.ts'
import type { SweepReport } from './events/sweep-report.ts'
import type { ImportedRecord } from './import/import-target.ts'
import { QuorumView } from './quorum-view.ts'
import type { Replica } from './replica.ts'
import { systemRuntime } from './runtime.ts'

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
    super(engine, () => engine.options)
  }

  /** Asks every replica for its lineage, where that is not known yet, so that {@link replicas} tells how they stand. */
  check(): Promise<void> {
    return this.engine.check()
  }

  /**
   * One anti-entropy sweep, now: compares what the replicas hold, gives each what it lacks, and purges what is dead for good.
   * @throws ConfigError for an option that is wrong
   */
  sweep(options: SweepOptions = {}): Promise<SweepReport> {
    return this.engine.sweep(options)
  }

  /** The last completed sweep of any process that shares these replicas; null for none. */
  lastSweep(): Promise<SweepEntry | null> {
    return this.engine.lastSweep()
  }

  /**
   * Writes records that an import made, with versions from the far past: nothing that was ever written loses to them.
   * @returns for each whether it was written, or something newer was kept
   * @throws QuorumError when fewer than w replicas answer
   */
  putImported(records: readonly ImportedRecord[]): Promise<readonly ('imported' | 'kept')[]> {
    return this.engine
      .operations(() => this.engine.options)
      .importRecords(
        records.map(({ key, version, payload, expiresAtMs }) => newValue(key, version, payload, expiresAtMs)),
      )
  }

  /**
   * Adds a replica while the store is in use: it takes writes at once, is given everything that the others hold, and counts,
   * with the new n, from then on. r and w that were left open follow the new n.
   * @throws ConfigError when the source is wrong, or r and w do not fit the new n
   */
  addReplica(source: ReplicaSource, quorum: QuorumWish = {}): void {
    this.engine.addReplica(openReplica(source, 'replica'), quorum)
  }

  /**
   * Goes on without the replica with this id, and closes it when what is under way is over.
   * @throws ConfigError when there is none with this id, or r and w do not fit the new n
   */
  removeReplica(id: string, quorum: QuorumWish = {}): Promise<void> {
    return this.engine.removeReplica(id, quorum)
  }

  /**
   * Puts another replica in the place of the one with this id. Until the new one was given everything, the store can do
   * without one replica less than usual.
   * @throws ConfigError when the source is wrong, or there is none with this id
   */
  replaceReplica(id: string, source: ReplicaSource): Promise<void> {
    return this.engine.replaceReplica(id, openReplica(source, 'replica'))
  }

  /**
   * Makes a joining replica count with what it holds, for an operator who knows that nothing more can come back.
   * @throws ConfigError when there is none with this id, or it cannot be reached
   */
  promoteReplica(id: string): Promise<void> {
    return this.engine.promoteReplica(id)
  }

  /** Resolves when no read repair waits or is under way. */
  repairsDone(): Promise<void> {
    return this.engine.repairsDone()
  }

  /**
   * Finishes the repairs under way, hands over what can be handed over, and closes all replicas, each within `deadlineMs`.
   * What is left to hand over is announced, and on record as a sweep that is needed. Safe to call twice.
   */
  override disconnect(): Promise<void> {
    return this.engine.close()
  }
}

function openEngine(sources: readonly ReplicaSource[], options: QuorumOptions): Engine {
  const replicas: Replica[] = []
  try {
    if (!Array.isArray(sources)) throw new ConfigError('replicas', 'a list of replicas, one entry each')
    for (const [index, source] of sources.entries()) replicas.push(openReplica(source, `replicas[${index}]`))
    return new Engine(replicas, resolveOptions(options, replicas), systemRuntime, options)
  } catch (error) {
    for (const replica of replicas) void replica.close().catch(() => undefined)
    throw error
  }
}
