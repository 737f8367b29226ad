import type { VersionedRecord } from '../../src/core/record.ts'
import { SimulatedDisk } from './simulated-disk.ts'
import type { TrueTime } from './true-time.ts'

/** What befalls the calls that arrive at a server, while it lasts. */
export type ServerTrouble = 'rejects' | 'applies-then-fails' | 'refuses' | 'garbles'

/** A call as it arrives at a server. */
export interface ArrivedCall {
  /** The life of the server in which the connection was made. */
  readonly life: number
  /** Carries it out, or lets it fail as the trouble says. */
  readonly serve: (trouble: ServerTrouble | null) => void
  /** The connection is gone: nothing was applied, which the caller cannot know. */
  readonly reset: () => void
  /** Nobody listens at the port. */
  readonly refuse: () => void
}

/** One replica server: its disk, whether it runs, and what waits while it stands still. */
export class SimulatedServer {
  readonly id: string
  readonly disk: SimulatedDisk
  slowMs = 0
  trouble: ServerTrouble | null = null
  readonly #time: TrueTime
  readonly #expiryMarginMs: number | null
  #condition: 'up' | 'down' | 'frozen' = 'up'
  #life = 1
  #backlog: ArrivedCall[] = []
  readonly #copies: { readonly atMs: number; readonly records: ReadonlyMap<string, VersionedRecord> }[] = []

  constructor(id: string, time: TrueTime, expiryMarginMs: number | null) {
    this.id = id
    this.#expiryMarginMs = expiryMarginMs
    this.#time = time
    this.disk = new SimulatedDisk(id)
  }

  get condition(): 'up' | 'down' | 'frozen' {
    return this.#condition
  }

  /** Counts the starts of the server: a connection lasts for one of them. */
  get life(): number {
    return this.#life
  }

  arrive(call: ArrivedCall): void {
    if (this.#condition === 'down') call.refuse()
    else if (call.life !== this.#life) call.reset()
    else if (this.#condition === 'frozen') this.#backlog.push(call)
    else if (this.slowMs === 0) this.#serve(call)
    else this.#time.after(this.slowMs, () => this.#serveLate(call))
  }

  crash(): void {
    this.#condition = 'down'
    this.#life += 1
    for (const call of this.#backlog.splice(0)) call.reset()
  }

  freeze(): void {
    if (this.#condition === 'up') this.#condition = 'frozen'
  }

  /** Starts after a crash; after a freeze, does what waited. */
  goOn(): void {
    this.#condition = 'up'
    for (const call of this.#backlog.splice(0)) this.#time.after(0, () => this.arrive(call))
  }

  /** Keeps a copy of what it holds, for {@link loseSince}. */
  keepCopy(): void {
    this.#copies.push({ atMs: this.#time.nowMs, records: this.disk.copy() })
  }

  /** Falls back to the last copy that is as old as this, or to nothing; the lineage tells. */
  loseSince(atMs: number): void {
    this.disk.lose(this.#copies.findLast((copy) => copy.atMs <= atMs)?.records ?? new Map())
  }

  #serve(call: ArrivedCall): void {
    if (this.#expiryMarginMs !== null) this.disk.expire(this.#time.nowMs - this.#expiryMarginMs)
    call.serve(this.trouble)
  }

  #serveLate(call: ArrivedCall): void {
    if (this.#condition === 'up' && call.life === this.#life) this.#serve(call)
    else this.arrive(call)
  }
}
