import { Ledger } from '../core/ledger.ts'
import type { HybridClock } from '../core/version.ts'
import type { Runtime } from '../runtime.ts'
import type { Membership } from './membership.ts'

/** How long a sweeper that died keeps the others waiting, in ms. */
const leaseMs = 30_000

/**
 * Who sweeps, so that of several instances one does. It saves work and no more: nothing goes wrong when two sweep at once,
 * so a record that the latest writer wins is enough.
 */
export class SweepLease {
  readonly #membership: Membership
  readonly #runtime: Runtime
  readonly #clock: HybridClock
  readonly #holder: string
  #cancelRenewal: (() => void) | null = null
  /** A scheduled sweep and one that fills a joining replica may hold it together. */
  #holds = 0

  constructor(membership: Membership, runtime: Runtime, clock: HybridClock) {
    this.#membership = membership
    this.#runtime = runtime
    this.#clock = clock
    this.#holder = runtime.random.hex(12)
  }

  /** @returns whether this instance may sweep; it then has to {@link release} */
  async acquire(): Promise<boolean> {
    await this.#membership.refresh()
    if (this.#isHeldByAnother()) return false
    await this.#write(this.#runtime.clock.nowMs() + leaseMs)
    // Whoever wrote last wins, and both find that out here.
    await this.#membership.refresh()
    if (this.#isHeldByAnother()) return false
    this.#holds += 1
    if (this.#holds === 1) this.#renewLater()
    return true
  }

  async release(): Promise<void> {
    this.#holds -= 1
    if (this.#holds > 0) return
    this.#cancelRenewal?.()
    this.#cancelRenewal = null
    await this.#write(0)
  }

  #isHeldByAnother(): boolean {
    const { lease } = this.#membership.ledger
    return lease !== null && lease.holder !== this.#holder && lease.untilMs > this.#runtime.clock.nowMs()
  }

  #renewLater(): void {
    this.#cancelRenewal = this.#runtime.timers.afterIfAlive(leaseMs / 3, () => {
      this.#renewLater()
      void this.#write(this.#runtime.clock.nowMs() + leaseMs)
    })
  }

  async #write(untilMs: number): Promise<void> {
    const version = this.#clock.next(this.#runtime.clock.nowMs())
    await this.#membership.write([Ledger.leaseRecord({ holder: this.#holder, untilMs }, version)])
  }
}
