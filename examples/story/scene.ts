import { setTimeout as pause } from 'node:timers/promises'
import Keyv from 'keyv'
import { keyText, namespacePrefix } from '../../src/core/key.ts'
import type { Version } from '../../src/core/version.ts'
import { KeyvQuorum, type QuorumEvent, type QuorumOptions } from '../../src/index.ts'
import type { Box } from './drawing.ts'
import { type Player, peek } from './players.ts'
import type { Stage } from './stage.ts'
import type { Testimony } from './witness.ts'

export interface WriteReport {
  /** null: no replica took it. */
  readonly version: Version | null
  readonly number: number
  /** The replicas that took the write, sooner or later. */
  readonly acked: readonly Player[]
}

export interface ReadReport {
  readonly value: unknown
  /** What each replica that was asked answered, in the order of the answers. */
  readonly answers: readonly Testimony[]
}

const wholeWithinMs = 60_000
const glanceMs = 20

/** A store over some of the players, a Keyv over it, and the means to see what they do. */
export class Scene {
  readonly store: KeyvQuorum
  readonly keyv: Keyv
  readonly players: readonly Player[]
  readonly events: QuorumEvent[] = []
  readonly #stage: Stage
  readonly #prefix: string

  constructor(stage: Stage, players: readonly Player[], options: QuorumOptions) {
    this.#stage = stage
    this.players = players
    this.#prefix = namespacePrefix(stage.namespace)
    this.store = new KeyvQuorum(
      players.map(({ staged }) => staged),
      { ...options, singleProcess: isPrivate(players), lineage: stage.ownsReplicas ? 'checked' : 'assumed' },
    )
    this.store.on('event', (event: QuorumEvent) => this.events.push(event))
    this.keyv = new Keyv(this.store, { namespace: stage.namespace })
  }

  /** Waits until every replica is up, counts, and was given what it missed. @returns whether that came in time */
  async becomesWhole(): Promise<boolean> {
    const endsAtMs = performance.now() + wholeWithinMs
    await this.store.check()
    while (performance.now() < endsAtMs) {
      const areWhole = this.store.replicas.map(
        ({ condition, standing, hints }) => condition === 'up' && standing === 'full' && hints === 0,
      )
      if (!areWhole.includes(false)) return true
      await pause(glanceMs)
    }
    return false
  }

  /** @throws QuorumError */
  set(key: string, value: string, ttlMs?: number): Promise<WriteReport> {
    return this.#write(key, () => this.keyv.set(key, value, ttlMs))
  }

  /** @throws QuorumError */
  delete(key: string): Promise<WriteReport> {
    return this.#write(key, () => this.keyv.delete(key))
  }

  /** @throws QuorumError */
  async get(key: string): Promise<ReadReport> {
    this.#stage.witness.take()
    const value = await this.keyv.get(key)
    await this.#stage.witness.settled()
    const answers = this.#stage.witness.take().filter((testimony) => this.#concerns(testimony, 'read', key))
    return { value, answers }
  }

  /** What every replica holds for a key at this moment, down or not. */
  async boxes(key: string): Promise<Box[]> {
    const held = await Promise.all(this.players.map((player) => this.#heldBy(player, key)))
    const newest = Math.max(...held.map((version) => version ?? 0))
    return this.players.map((player, index) => {
      const version = held[index] ?? null
      const note = version === newest ? '' : 'stale'
      return { name: player.name, version, note: player.power.isOn ? note : 'down' }
    })
  }

  /** 0 for a version that the story did not write, and for none. */
  numberOf(key: string, version: Version | null): number {
    return version === null ? 0 : this.#stage.numbers.numberOf(keyText(this.#prefix, key), version)
  }

  playerOf(id: string): Player | undefined {
    return this.players.find(({ real }) => real.id === id)
  }

  async #heldBy(player: Player, key: string): Promise<number | null> {
    const [record] = await peek(player, this.#stage.namespace, [key])
    return record == null ? null : this.#stage.numbers.numberOf(record.key, record.version)
  }

  /** A write that fails is numbered all the same: replicas may hold it. */
  async #write(key: string, write: () => Promise<boolean>): Promise<WriteReport> {
    this.#stage.witness.take()
    try {
      await write()
    } catch (error) {
      await this.#reportOn(key)
      throw error
    }
    return this.#reportOn(key)
  }

  async #reportOn(key: string): Promise<WriteReport> {
    await this.#stage.witness.settled()
    const puts = this.#stage.witness.take().filter((testimony) => this.#concerns(testimony, 'put', key))
    // What is handed over or repaired meanwhile is older.
    const version = puts.reduce<Version | null>((newest, put) => laterOf(newest, put.version), null)
    const acks = puts.filter((put) => put.version === version && (put.answer === 'stored' || put.answer === 'held'))
    if (version !== null) this.#stage.numbers.add(keyText(this.#prefix, key), version)
    const acked = this.players.filter(({ real }) => acks.some(({ replica }) => replica === real.id))
    return { version, number: this.numberOf(key, version), acked }
  }

  #concerns(testimony: Testimony, call: Testimony['call'], key: string): boolean {
    return testimony.call === call && testimony.key === keyText(this.#prefix, key)
  }
}

function laterOf(one: Version | null, other: Version | null): Version | null {
  if (one === null || other === null) return one ?? other
  return one > other ? one : other
}

/** Memory beside other backends is private to this process; here that is the only one. */
export function isPrivate(players: readonly Player[]): boolean {
  return players.some(({ real }) => real.guarantees.sharedBy === 'process')
}
