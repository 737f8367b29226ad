import type { Random } from '../../src/runtime.ts'
import type { TrueTime } from './true-time.ts'

export type Way = 'there' | 'back'

/** What a link does to what travels on it, besides its usual delay. */
export interface LinkTrouble {
  readonly way: Way | 'both'
  /**
   * `cut`: nothing arrives. `held`: what is sent arrives when the trouble is over. `lossy`: some of it is lost. `slow`: it
   * takes longer, by very different times, so that it overtakes itself. `doubled`: some of it arrives twice.
   */
  readonly kind: 'cut' | 'held' | 'lossy' | 'slow' | 'doubled'
  readonly untilMs: number
  /** The longest delay of what is slow or doubled. */
  readonly lateMs: number
}

export interface LinkSpeed {
  readonly leastMs: number
  readonly spreadMs: number
}

/** The way between one process and one server. What is sent at one moment may arrive in any order. */
export class Link {
  readonly #time: TrueTime
  readonly #random: Random
  readonly #speed: LinkSpeed
  readonly #count: (what: string) => void
  /** When the last of each way arrives; null where what is sent may be overtaken. */
  readonly #lastMs: Record<Way, number> | null
  #troubles: LinkTrouble[] = []

  constructor(time: TrueTime, random: Random, speed: LinkSpeed, count: (what: string) => void, isInOrder: boolean) {
    this.#time = time
    this.#random = random
    this.#speed = speed
    this.#count = count
    this.#lastMs = isInOrder ? { there: 0, back: 0 } : null
  }

  add(trouble: LinkTrouble): void {
    this.#troubles.push(trouble)
  }

  heal(): void {
    this.#troubles = []
  }

  /** @param isOnce whether a second arrival would mean nothing, so that it is not made */
  send(way: Way, isOnce: boolean, arrive: () => void): void {
    const nowMs = this.#time.nowMs
    if (this.#troubles.length > 0) this.#troubles = this.#troubles.filter(({ untilMs }) => untilMs > nowMs)
    const troubles = this.#troubles.filter((trouble) => trouble.way === way || trouble.way === 'both')
    for (const { kind } of troubles) this.#count(`message ${kind}`)
    if (troubles.some((trouble) => this.#isLost(trouble))) return
    if (this.#lastMs !== null) {
      this.#lastMs[way] = Math.max(this.#lastMs[way], nowMs + this.#delayMs(troubles))
      this.#time.after(this.#lastMs[way] - nowMs, arrive)
      return
    }
    this.#time.after(this.#delayMs(troubles), arrive)
    const doubled = troubles.find(({ kind }) => kind === 'doubled')
    if (doubled === undefined || isOnce || this.#random.fraction() < 0.5) return
    this.#time.after(this.#delayMs(troubles) + this.#random.fraction() ** 3 * doubled.lateMs, arrive)
  }

  #isLost({ kind }: LinkTrouble): boolean {
    return kind === 'cut' || (kind === 'lossy' && this.#random.fraction() < 0.3)
  }

  #delayMs(troubles: readonly LinkTrouble[]): number {
    let delayMs = this.#speed.leastMs + this.#random.fraction() * this.#speed.spreadMs
    for (const { kind, lateMs, untilMs } of troubles) {
      if (kind === 'slow') delayMs += this.#random.fraction() ** 3 * lateMs
      else if (kind === 'held') delayMs += untilMs - this.#time.nowMs
    }
    return delayMs
  }
}
