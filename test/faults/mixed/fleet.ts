import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { QuorumOptions } from '../../../src/config.ts'
import type { ReplicaState } from '../../../src/replica-state.ts'
import type { Random } from '../../../src/runtime.ts'
import type { CastMember } from './cast.ts'
import { ClientHandle } from './client-handle.ts'
import type { ClientAnswer, ClientCommand } from './client-plan.ts'
import type { Journal } from './journal.ts'
import type { RunClock } from './run-clock.ts'

export interface FleetParts {
  readonly members: readonly CastMember[]
  readonly clientsCount: number
  readonly options: QuorumOptions
  /** Where all clients leave what they have on record. */
  readonly folder: string
  readonly random: Random
  readonly journal: Journal
  readonly clock: RunClock
}

/** How wrong the clock of a client may be, either way. */
export const skewMaxMs = 120_000

/** The clients of a run, each in a place of its own, where another follows it when it is killed. */
export class Fleet {
  readonly #parts: FleetParts
  readonly #clients: ClientHandle[] = []
  readonly #skewsMs: number[] = []
  readonly #names: string[] = []

  constructor(parts: FleetParts) {
    this.#parts = parts
    for (let place = 0; place < parts.clientsCount; place += 1) {
      this.#skewsMs.push(this.#anySkewMs())
      this.#clients.push(this.#newClient(place))
    }
  }

  /** Those of the past included. */
  get names(): readonly string[] {
    return this.#names
  }

  /** Why clients ended that nobody ended. */
  get failures(): readonly string[] {
    return this.#clients.flatMap(({ failure }) => failure ?? [])
  }

  get places(): readonly number[] {
    return [...this.#clients.keys()]
  }

  operationsFile(name: string): string {
    return join(this.#parts.folder, `${name}.operations`)
  }

  eventsFile(name: string): string {
    return join(this.#parts.folder, `${name}.events`)
  }

  /** Resolves when all have done it. */
  askAll(command: ClientCommand): Promise<readonly ClientAnswer[]> {
    return Promise.all(this.#clients.map((client) => client.ask(command)))
  }

  ask(place: number, command: ClientCommand): Promise<ClientAnswer> {
    return this.#at(place).ask(command)
  }

  /** Whether all clients see it so. */
  async allSee(condition: (replica: ReplicaState) => boolean): Promise<boolean> {
    if (this.failures.length > 0) throw new Error(this.failures.join('\n'))
    try {
      const answers = await this.askAll({ name: 'state' })
      return answers.every(({ replicas }) => replicas.every(condition))
    } catch {
      // One of them was killed and replaced meanwhile.
      return false
    }
  }

  /** Kills a client in the middle of what it does, and starts another in its place. */
  async replace(place: number): Promise<void> {
    this.#tell('client killed and replaced', place)
    await this.#at(place).kill()
    this.#clients[place] = this.#newClient(place)
  }

  /** Nothing of it runs for so long, as in a long garbage collection or on a suspended machine. */
  async pause(place: number, ms: number): Promise<void> {
    this.#tell('client paused', place, `for ${(ms / 1_000).toFixed(1)} s`)
    const client = this.#at(place)
    client.freeze()
    await sleep(ms)
    client.thaw()
  }

  async skew(place: number): Promise<void> {
    const skewMs = this.#anySkewMs()
    this.#skewsMs[place] = skewMs
    this.#tell('client clock set', place, `${Math.round(skewMs / 1_000)} s from the others`)
    await this.#setClock(place)
  }

  /** Minutes pass at once, for all clients. */
  async passTime(ms: number): Promise<void> {
    const { clock, journal } = this.#parts
    journal.count('time passed')
    journal.say(`${Math.round(ms / 1_000)} s pass at once`)
    clock.jump(ms)
    await Promise.all(this.places.map((place) => this.#setClock(place)))
  }

  async kill(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.kill()))
  }

  async #setClock(place: number): Promise<void> {
    await this.#at(place).ask({ name: 'clock', aheadMs: this.#aheadMs(place) })
  }

  #newClient(place: number): ClientHandle {
    const { members, options, random, journal } = this.#parts
    const name = `client-${place}-${this.#names.length}`
    this.#names.push(name)
    return new ClientHandle({
      name,
      seed: Math.floor(random.fraction() * 2 ** 31),
      beganAtMs: journal.beganAtMs,
      replicas: members.map((member) => member.addressFor(place)),
      options,
      aheadMs: this.#aheadMs(place),
      operationsFile: this.operationsFile(name),
      eventsFile: this.eventsFile(name),
    })
  }

  #aheadMs(place: number): number {
    return this.#parts.clock.aheadMs + (this.#skewsMs[place] ?? 0)
  }

  #anySkewMs(): number {
    return Math.round((this.#parts.random.fraction() * 2 - 1) * skewMaxMs)
  }

  #at(place: number): ClientHandle {
    const client = this.#clients[place]
    if (client === undefined) throw new RangeError(`there is no client ${place}`)
    return client
  }

  #tell(what: string, place: number, detail = ''): void {
    this.#parts.journal.count(what)
    this.#parts.journal.say(`client ${place}: ${what} ${detail}`.trimEnd())
  }
}
