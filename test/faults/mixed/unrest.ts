import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../../../src/runtime.ts'
import type { Fleet } from './fleet.ts'
import type { Journal } from './journal.ts'
import { hostMs } from './operation-log.ts'
import type { RunClock } from './run-clock.ts'

export interface UnrestParts {
  readonly fleet: Fleet
  readonly journal: Journal
  readonly clock: RunClock
  readonly random: Random
}

/** Less than the notice of a purge by age, which every process has to hear of before it comes. */
export const leapMaxMs = 300_000
/** Between two leaps every client sweeps once, and so hears what the others have announced. */
const leapEveryMs = 10_000
const pauseMaxMs = 7_000
const quietMaxMs = 5_000

/** What happens to the clients, one thing after the other: beside the faults of replicas, whatever those are. */
export class Unrest {
  readonly #parts: UnrestParts
  #leaptAtMs = 0
  #isTimeWantedUntilMs = 0

  constructor(parts: UnrestParts) {
    this.#parts = parts
  }

  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await sleep(quietMaxMs * this.#chance())
      if (!isOver()) await this.#step()
    }
  }

  /** Asks for so much time to pass as soon as it may; resolves when it has, or when all is over. */
  async timeToPass(ms: number, isOver: () => boolean): Promise<void> {
    const { clock } = this.#parts
    this.#isTimeWantedUntilMs = clock.nowMs + ms
    while (clock.nowMs < this.#isTimeWantedUntilMs && !isOver()) await sleep(100)
  }

  async #step(): Promise<void> {
    const { fleet, clock, journal } = this.#parts
    const place = Math.floor(fleet.places.length * this.#chance())
    if (clock.nowMs < this.#isTimeWantedUntilMs) return this.#leap(leapMaxMs)
    const chance = this.#chance()
    if (chance < 0.2) return fleet.replace(place)
    if (chance < 0.35) return fleet.pause(place, pauseMaxMs * this.#chance())
    if (chance < 0.55) return fleet.skew(place)
    if (chance < 0.8) return this.#leap(leapMaxMs * this.#chance())
    journal.count('sweep asked for')
    // That it is cut short by the next fault is part of the game.
    void fleet.ask(place, { name: 'sweep' }).catch(() => undefined)
  }

  async #leap(ms: number): Promise<void> {
    if (hostMs() - this.#leaptAtMs < leapEveryMs) return
    this.#leaptAtMs = hostMs()
    // A clock shows whole ms.
    await this.#parts.fleet.passTime(Math.round(ms))
  }

  #chance(): number {
    return this.#parts.random.fraction()
  }
}
