import { rangeOfBuckets } from '../../core/digest.ts'
import { Attendance } from './attendance.ts'
import { changedKeys, logPositions } from './changed-keys.ts'
import { compareDigests } from './compare-digests.ts'
import { compareKeys } from './compare-keys.ts'
import { dig } from './dig.ts'
import { Mender } from './mend.ts'
import { Pace } from './pace.ts'
import { ProgressTeller } from './progress.ts'
import { purgeRetired } from './purge.ts'
import type { SweepContext } from './sweep-context.ts'
import { type SweepOptions, type SweepPlan, sweepPlan } from './sweep-options.ts'
import { type SweepLimits, type SweepParts, sweepLimits } from './sweep-parts.ts'
import type { ReplicaSweepReport, SweepCursor, SweepReport } from './sweep-report.ts'
import { Tally } from './tally.ts'

export interface SweepOutcome {
  readonly report: SweepReport
  /**
   * With which others each replica has exchanged everything in the partition, by id; empty unless the sweep completed, and
   * after a preview. An incremental sweep counts for those alone that are full and were in the sweep before.
   */
  readonly exchanged: ReadonlyMap<string, readonly string[]>
  /** When that exchange began, in ms since 1970: earlier than the sweep, where it went on with one that was cut short. */
  readonly exchangeBeganAtMs: number
  /**
   * For the next incremental sweep: of those that have exchanged, where their logs of changes ended before the exchange
   * began, by id; the empty text for one without a log.
   */
  readonly positions: ReadonlyMap<string, string>
  /** Where to go on with a full sweep that did not complete; null when it did, or when nothing is to be spared. */
  readonly cursor: SweepCursor | null
  /** Why an incremental sweep did nothing and a full one is needed; null when it is not. */
  readonly needsFull: string | null
}

/** What became of the exchange, apart from its figures. */
type Exchange = Omit<SweepOutcome, 'report'> & { readonly isComplete: boolean }

/**
 * Anti-entropy: makes all replicas that can be reached hold the same, newest records, then purges what is retired. With a
 * replica that fails on the way the others go on without it; with fewer than two left the sweep ends incomplete.
 *
 * @throws ConfigError for an option that is wrong, and the signal's reason when it is aborted
 */
export async function runSweep(
  parts: SweepParts,
  options: SweepOptions = {},
  limits: SweepLimits = sweepLimits,
): Promise<SweepOutcome> {
  const plan = sweepPlan(options)
  options.signal?.throwIfAborted()
  return new Sweep(parts, plan, options, limits).run()
}

class Sweep {
  readonly #context: SweepContext
  readonly #mender: Mender
  readonly #resumeFrom: SweepCursor | undefined
  readonly #beganAtMs: number
  readonly #beganAtMonotonicMs: number
  /** What is retired for the purge is retired for the digest as well, which is about the time when the sweep has ended. */
  #withoutRetired: ReadonlySet<number> = new Set()

  constructor(parts: SweepParts, plan: SweepPlan, options: SweepOptions, limits: SweepLimits) {
    const { clock } = parts.runtime
    const { signal } = options
    this.#beganAtMs = clock.nowMs()
    this.#beganAtMonotonicMs = clock.monotonicMs()
    this.#resumeFrom = options.resumeFrom
    const tally = new Tally(parts.members.length)
    const { keysPerSecond } = plan
    const pace = new Pace(parts.runtime, { keysPerSecond, signal, foregroundLatencyMs: parts.foregroundLatencyMs })
    this.#context = {
      ...{ parts, plan, limits, signal, tally, pace },
      attendance: new Attendance(parts, tally, signal),
      progress: new ProgressTeller(parts, plan, { pace, tally }, options.onProgress),
      range: rangeOfBuckets(plan.fromBucket, plan.toBucket),
      partitionRange: rangeOfBuckets(plan.startBucket, plan.toBucket),
      purgeable: {
        retainedUntilMs: Math.min(parts.retirement.retainedUntilMs, this.#beganAtMs),
        diedUntilMs: parts.purges ? parts.retirement.diedUntilMs : -1,
      },
    }
    this.#mender = new Mender(this.#context)
  }

  async run(): Promise<SweepOutcome> {
    const { parts, plan, attendance } = this.#context
    const { kind, isPreview, partition } = plan
    const replicas = attendance.present.map((member) => attendance.idOf(member))
    parts.events.emit({ type: 'sweep-began', kind, isPreview, partition, replicas })
    let isComplete = false
    try {
      await attendance.callRoll()
      const exchange = kind === 'full' ? await this.#exchangeAll() : await this.#exchangeChanges()
      // To find what is retired takes a look at everything, which an incremental sweep is there to avoid.
      if (kind === 'full') await purgeRetired(this.#context, this.#withoutRetired)
      isComplete = exchange.isComplete
      const { exchanged, exchangeBeganAtMs, positions, cursor, needsFull } = exchange
      return { report: this.#report(isComplete), exchanged, exchangeBeganAtMs, positions, cursor, needsFull }
    } finally {
      parts.events.emit({ type: 'sweep-ended', report: this.#report(isComplete) })
    }
  }

  async #exchangeAll(): Promise<Exchange> {
    const { attendance, plan, progress } = this.#context
    const resumed = this.#resumeFrom
    const positions = resumed ? new Map(Object.entries(resumed.positions)) : await logPositions(this.#context)
    const startedAtMs = resumed?.startedAtMs ?? this.#beganAtMs
    const moveOn = (bucket: number, fraction: number) => {
      const replicas = Object.fromEntries(this.#participants())
      const kept = { startedAtMs, replicas, positions: Object.fromEntries(positions) }
      progress.moveOn({ partition: plan.partition, bucket, ...kept }, fraction)
    }
    if (attendance.isEnough) {
      const digests = await compareDigests(this.#context)
      // The digests of a sweep that goes on with another one are of the rest alone.
      if (resumed === undefined) this.#withoutRetired = digests.withoutRetired
      if (attendance.isEnough) await dig(this.#context, this.#mender, digests, moveOn)
    }
    if (attendance.isEnough) return this.#completed([...this.#participants().keys()], startedAtMs, positions)
    return { ...this.#nothingExchanged(), cursor: progress.cursor ?? resumed ?? null }
  }

  /**
   * The lineages, by id, of those who take part, and took part in what was done before. One that is joining and still holds
   * what may be a zombie has not exchanged: full, it would be believed.
   */
  #participants(): Map<string, string> {
    const { attendance, tally } = this.#context
    const before = this.#resumeFrom?.replicas
    const members = attendance.present.filter((member) => attendance.isFull(member) || !tally.holdsLeft(member))
    const present = members.map((member) => [attendance.idOf(member), attendance.lineageOf(member)] as const)
    return new Map(present.filter(([id, lineage]) => before === undefined || before[id] === lineage))
  }

  async #exchangeChanges(): Promise<Exchange> {
    const { attendance, limits, plan, progress } = this.#context
    const { keys, positions, needsFull } = await changedKeys(this.#context)
    if (needsFull !== null) return { ...this.#nothingExchanged(), needsFull }
    let compared = 0
    for (const page of pagesOf(keys, limits.pageKeysMax)) {
      if (!attendance.isEnough) break
      await compareKeys(this.#context, this.#mender, { keys: page })
      compared += page.length
      progress.tell('keys', compared / keys.size)
    }
    if (!attendance.isEnough) return this.#nothingExchanged()
    const members = attendance.present.filter((member) => attendance.isFull(member))
    const ids = members.map((member) => attendance.idOf(member)).filter((id) => plan.positions.has(id))
    return this.#completed(ids, this.#beganAtMs, positions)
  }

  #completed(replicas: readonly string[], beganAtMs: number, positions: ReadonlyMap<string, string>): Exchange {
    const whole = { ...this.#nothingExchanged(), isComplete: true }
    if (this.#context.plan.isPreview) return whole
    const exchanged = new Map(replicas.map((id) => [id, replicas.filter((other) => other !== id)]))
    const kept = new Map([...positions].filter(([id]) => replicas.includes(id)))
    return { ...whole, exchanged, exchangeBeganAtMs: beganAtMs, positions: kept }
  }

  #nothingExchanged(): Exchange {
    const none = { exchanged: new Map<string, string[]>(), positions: new Map<string, string>(), cursor: null }
    return { ...none, exchangeBeganAtMs: this.#beganAtMs, needsFull: null, isComplete: false }
  }

  #report(isComplete: boolean): SweepReport {
    const { parts, plan, tally } = this.#context
    const { kind, isPreview, partition } = plan
    const { differing, left, differingKeys } = tally
    const tookMs = this.#tookMs()
    const replicas = parts.members.map((_, member) => this.#replicaReport(member))
    const times = { startedAtMs: this.#beganAtMs, tookMs }
    return { kind, isPreview, partition, isComplete, ...times, differing, left, differingKeys, replicas }
  }

  #replicaReport(member: number): ReplicaSweepReport {
    const { attendance, tally } = this.#context
    return { replica: attendance.idOf(member), ...tally.of(member), skipped: attendance.whySkipped(member) }
  }

  #tookMs(): number {
    return this.#context.parts.runtime.clock.monotonicMs() - this.#beganAtMonotonicMs
  }
}

function* pagesOf(keys: Iterable<string>, pageKeysMax: number): Generator<string[]> {
  let page: string[] = []
  for (const key of keys) {
    page.push(key)
    if (page.length < pageKeysMax) continue
    yield page
    page = []
  }
  if (page.length > 0) yield page
}
