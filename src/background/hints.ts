import type { Events } from '../events.ts'

export interface HintsOptions {
  /** The most keys remembered for one replica. Default 100,000. */
  readonly keysMax?: number
  /** The most characters of keys remembered for one replica. Default 16,000,000. */
  readonly lengthMax?: number
}

/** What is known about one replica. */
interface Missed {
  readonly keys: Set<string>
  /** Characters of all the keys. */
  length: number
  /** Why only a sweep can tell what it missed. */
  needsSweep: string | null
  overflows: number
}

const keysMaxDefault = 100_000
const lengthMaxDefault = 16_000_000

/**
 * The keys that each replica missed, without values, each once and in the order in which they came. Bounded: when there are
 * too many for one replica all of its keys are forgotten, and it needs a sweep. Later ones are remembered again.
 */
export class Hints {
  readonly #events: Events
  readonly #keysMax: number
  readonly #lengthMax: number
  readonly #byReplica = new Map<string, Missed>()

  constructor(events: Events, { keysMax = keysMaxDefault, lengthMax = lengthMaxDefault }: HintsOptions = {}) {
    this.#events = events
    this.#keysMax = keysMax
    this.#lengthMax = lengthMax
  }

  add(replicaId: string, keys: readonly string[]): void {
    const missed = this.#missedBy(replicaId)
    const known = missed.keys
    for (const key of keys) {
      const sizeBefore = known.size
      known.add(key)
      if (known.size === sizeBefore) continue
      missed.length += key.length
      if (known.size > this.#keysMax || missed.length > this.#lengthMax) this.#overflow(replicaId, missed)
    }
  }

  /** Removes those that came first, and returns them. */
  take(replicaId: string, countMax: number): string[] {
    const missed = this.#byReplica.get(replicaId)
    const taken: string[] = []
    if (missed === undefined || countMax < 1) return taken
    for (const key of missed.keys) {
      taken.push(key)
      if (taken.length >= countMax) break
    }
    for (const key of taken) {
      missed.keys.delete(key)
      missed.length -= key.length
    }
    return taken
  }

  /** For keys that were taken and not delivered: behind all others, so that one that can never be delivered stops none. */
  putBack(replicaId: string, keys: readonly string[]): void {
    this.add(replicaId, keys)
  }

  size(replicaId: string): number {
    return this.#byReplica.get(replicaId)?.keys.size ?? 0
  }

  /** Forgets the keys; whether a sweep is needed stays as it is. */
  clear(replicaId: string): void {
    const missed = this.#byReplica.get(replicaId)
    if (missed !== undefined) forget(missed)
  }

  /** Forgets all about a replica that is no part of the store any more. */
  remove(replicaId: string): void {
    this.#byReplica.delete(replicaId)
  }

  /** Why only a sweep can bring this replica up to date; null when the hints can. */
  needsSweep(replicaId: string): string | null {
    return this.#byReplica.get(replicaId)?.needsSweep ?? null
  }

  /** To be asked for when a sweep begins, and given to {@link sweptClean} when it ends. */
  sweepMark(replicaId: string): number {
    return this.#byReplica.get(replicaId)?.overflows ?? 0
  }

  /**
   * A sweep went over all that this replica holds.
   *
   * @param mark what {@link sweepMark} said when the sweep began: hints that were forgotten since may be of keys that the
   *   sweep had passed already, and then another one is needed. Default: nothing was forgotten since.
   */
  sweptClean(replicaId: string, mark: number = this.sweepMark(replicaId)): void {
    const missed = this.#byReplica.get(replicaId)
    if (missed !== undefined && missed.overflows === mark) missed.needsSweep = null
  }

  #missedBy(replicaId: string): Missed {
    const known = this.#byReplica.get(replicaId)
    if (known !== undefined) return known
    const missed: Missed = { keys: new Set(), length: 0, needsSweep: null, overflows: 0 }
    this.#byReplica.set(replicaId, missed)
    return missed
  }

  #overflow(replicaId: string, missed: Missed): void {
    const { size: count } = missed.keys
    const reason =
      count > this.#keysMax
        ? `it missed more than ${this.#keysMax} keys`
        : `it missed keys of more than ${this.#lengthMax} characters`
    forget(missed)
    missed.overflows += 1
    this.#events.emit({ type: 'dropped', work: 'hint', replica: replicaId, count, reason })
    if (missed.needsSweep !== null) return
    missed.needsSweep = reason
    this.#events.emit({ type: 'needs-sweep', replica: replicaId, reason })
  }
}

function forget(missed: Missed): void {
  missed.keys.clear()
  missed.length = 0
}
