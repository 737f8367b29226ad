import { hostMs } from './operation-log.ts'

/**
 * The time that the clients of a run would agree on if their clocks were right: that of the system, and now and then
 * minutes more, so that values expire and tombstones age in a run of minutes.
 */
export class RunClock {
  readonly #startMs = Date.now() - hostMs()
  readonly #jumps: { readonly atMs: number; readonly aheadMs: number }[] = []

  /** How far it is ahead of the system's clock. */
  get aheadMs(): number {
    return this.#jumps.at(-1)?.aheadMs ?? 0
  }

  get nowMs(): number {
    return this.at(hostMs())
  }

  jump(ms: number): void {
    this.#jumps.push({ atMs: hostMs(), aheadMs: this.aheadMs + ms })
  }

  /** @param atMs of `hostMs`; what is later there is later here */
  at(atMs: number): number {
    const jump = this.#jumps.findLast((each) => each.atMs <= atMs)
    return this.#startMs + atMs + (jump?.aheadMs ?? 0)
  }
}
