import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../../../src/runtime.ts'
import { waitUntil } from '../../servers/wait-until.ts'
import type { CastMember } from './cast.ts'
import { type Fault, linkFault } from './fault.ts'
import type { Fleet } from './fleet.ts'
import type { Journal } from './journal.ts'
import type { Unrest } from './unrest.ts'

export interface NemesisParts {
  readonly members: readonly CastMember[]
  readonly fleet: Fleet
  readonly unrest: Unrest
  readonly journal: Journal
  readonly random: Random
}

/** Longer than the zombie age of the runs. */
const longAbsenceMs = 4_000_000
const hurtMaxMs = 8_000
const quietMaxMs = 3_000
const fullWithinMs = 120_000

/**
 * Hurts one replica at a time, which is as many as three replicas can do without, in one way or in two at once. One that
 * lost its data is given everything back before the next is hurt; one that only was away is not waited for.
 */
export class Nemesis {
  readonly #parts: NemesisParts

  constructor(parts: NemesisParts) {
    this.#parts = parts
  }

  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await this.#hurt(this.#oneOf(this.#parts.members), isOver)
      await sleep(quietMaxMs * this.#chance())
    }
  }

  async #hurt(member: CastMember, isOver: () => boolean): Promise<void> {
    const faults = this.#faultsFor(member)
    const isLong = faults.every(({ losesData }) => !losesData) && this.#chance() < 0.05
    const begun: Fault[] = []
    try {
      for (const fault of faults) {
        this.#tell(member, fault)
        begun.push(fault)
        await fault.begin()
        await sleep((hurtMaxMs * this.#chance()) / faults.length)
      }
      if (isLong) await this.#longAbsence(isOver)
    } finally {
      if (this.#chance() < 0.5) begun.reverse()
      for (const fault of begun) await fault.end()
      this.#parts.journal.say(`${member.id}: healed`)
    }
    if (isLong || faults.some(({ losesData }) => losesData)) await this.#untilFull(member)
  }

  async #longAbsence(isOver: () => boolean): Promise<void> {
    this.#parts.journal.count('long absence')
    this.#parts.journal.say('it stays so for more than an hour of the run')
    await this.#parts.unrest.timeToPass(longAbsenceMs, isOver)
  }

  /** One of the whole replica, one of some links, or both, in either order. */
  #faultsFor(member: CastMember): readonly Fault[] {
    const links = new Map(member.links.entries().filter(() => this.#chance() < 0.4))
    const whole = this.#oneOf(member.faults)
    if (links.size === 0) return [whole]
    const chance = this.#chance()
    const some = linkFault(links, this.#chance())
    if (chance < 0.35) return [some]
    return chance < 0.7 ? [whole, some] : [some, whole]
  }

  async #untilFull({ id }: CastMember): Promise<void> {
    const { fleet, journal } = this.#parts
    const isFull = () =>
      fleet.allSee((replica) => replica.id !== id || (replica.standing === 'full' && replica.condition === 'up'))
    await waitUntil(isFull, { what: `${id} to be full again`, timeoutMs: fullWithinMs, pollMs: 200 })
    journal.say(`${id}: full again`)
  }

  #tell({ id }: CastMember, { name, detail = '' }: Fault): void {
    this.#parts.journal.count(`replica ${name}`)
    this.#parts.journal.say(`${id}: ${name} ${detail}`.trimEnd())
  }

  #oneOf<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(items.length * this.#chance())]
    if (item === undefined) throw new RangeError('there is nothing to choose from')
    return item
  }

  #chance(): number {
    return this.#parts.random.fraction()
  }
}
