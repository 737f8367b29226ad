import type { Standing, StandingVerdict } from '../core/standing.ts'
import type { CallOptions } from '../replica.ts'
import type { WatchedReplica } from '../wrap/detector.ts'
import { LineageWatch } from './lineage-watch.ts'

/** One replica of the store, and what is known about it. */
export class Member {
  readonly replica: WatchedReplica
  readonly watch = new LineageWatch()
  /** Added while the store was in use, and not full yet: it does not count toward n. */
  isNew: boolean
  lineage: string | null = null
  verdict: StandingVerdict = { standing: 'checking', reason: 'its lineage is not known yet' }
  /** Since when it is joining with this lineage, in ms since 1970 and by the monotonic clock; null while it is not. */
  joining: { readonly lineage: string | null; readonly sinceMs: number; readonly sinceMonotonicMs: number } | null =
    null
  /** How many reports have begun, and which of them the lineage is from. */
  reports = { begun: 0, told: 0 }
  #reporting: Promise<void> | null = null

  constructor(replica: WatchedReplica, isNew: boolean) {
    this.replica = replica
    this.isNew = isNew
  }

  get id(): string {
    return this.replica.id
  }

  get standing(): Standing {
    return this.verdict.standing
  }

  /** Whether another store meets different data under its id. */
  get isInConflict(): boolean {
    return this.watch.conflict !== null
  }

  get hasReported(): boolean {
    return this.lineage !== null
  }

  /** Asks once for all who want to know: the lineage, then what `read` reads. */
  report(options: CallOptions, read: (member: Member, options: CallOptions) => Promise<void>): Promise<void> {
    this.#reporting ??= this.#ask(options, read).finally(() => {
      this.#reporting = null
    })
    return this.#reporting
  }

  async #ask(options: CallOptions, read: (member: Member, options: CallOptions) => Promise<void>): Promise<void> {
    const report = this.reports.begun + 1
    this.reports = { ...this.reports, begun: report }
    const lineage = await this.replica.lineage(options)
    // From here on answers are vouched for by another lineage, so what counted counts no more.
    if (this.lineage !== null && this.lineage !== lineage) this.replica.gate.silence('its lineage changed')
    await read(this, options)
    this.lineage = lineage
    this.reports = { ...this.reports, told: report }
  }
}
