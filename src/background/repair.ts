import type { CoordinatorContext, RepairSink } from '../coordinator/context.ts'
import type { Repair } from '../core/read.ts'
import type { VersionedRecord } from '../core/record.ts'
import { compareRecords } from '../core/resolve.ts'
import { thrownText } from '../errors.ts'
import type { Entry, PutOutcome } from '../replica.ts'
import type { WatchedReplica } from '../wrap/detector.ts'

export interface RepairOptions {
  /** The most repairs that wait, over all replicas; further ones are dropped. Default 10,000. */
  readonly repairsMax: number
  /** The most characters of payload that wait, over all replicas; further repairs are dropped. Default 16,000,000. */
  readonly repairsLengthMax?: number
  readonly callTimeoutMs: number
  /** Reads keys whole, for their repairs. Never rejects. */
  readonly readWhole: (keys: readonly string[]) => Promise<void>
}

type Due = Repair<VersionedRecord>

/** What is due at one replica. */
interface RepairLane {
  readonly waiting: Map<string, Due>
  isSending: boolean
}

/** What the queue needs of the store. */
export type RepairContext = Pick<CoordinatorContext, 'events' | 'hints' | 'runtime'>

const batchKeysMax = 500
const repairsLengthMaxDefault = 16_000_000

/**
 * Read repair, in the background: gives lagging replicas what a read found to be newest. Work is joined by key and
 * replica; one batch a replica is under way. What is dropped or fails is announced, and found again by the next read.
 */
export class RepairQueue implements RepairSink {
  readonly #context: RepairContext
  readonly #options: RepairOptions
  readonly #lanes = new Map<WatchedReplica, RepairLane>()
  #rereads = new Set<string>()
  #isRereading = false
  #size = 0
  #length = 0
  #isFlushDue = false
  readonly #idleWaiters: (() => void)[] = []

  constructor(context: RepairContext, options: RepairOptions) {
    this.#context = context
    this.#options = options
  }

  get size(): number {
    return this.#size + this.#rereads.size
  }

  add(replica: WatchedReplica, repair: Due): void {
    const { waiting } = this.#laneOf(replica)
    const { key } = repair.record
    const earlier = waiting.get(key)
    if (earlier === undefined && this.#isFull(replica.id, key)) return
    const due = earlier === undefined ? repair : joined(earlier, repair)
    const growth = due.record.payload.length - (earlier?.record.payload.length ?? 0)
    if (!this.#fits(growth)) {
      this.#drop(replica.id, [key], `${this.#length} characters wait for repair already`)
      return
    }
    waiting.set(key, due)
    this.#length += growth
    if (earlier === undefined) this.#size += 1
    this.#flushSoon()
  }

  reread(replica: WatchedReplica, key: string): void {
    if (this.#rereads.has(key) || this.#isFull(replica.id, key)) return
    this.#rereads.add(key)
    this.#flushSoon()
  }

  /** Resolves when nothing waits and nothing is under way. */
  idle(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve()
    return new Promise((resolve) => this.#idleWaiters.push(resolve))
  }

  #isIdle(): boolean {
    return this.size === 0 && !this.#isRereading && ![...this.#lanes.values()].some(({ isSending }) => isSending)
  }

  #flushSoon(): void {
    if (this.#isFlushDue) return
    this.#isFlushDue = true
    this.#context.runtime.timers.endOfTurn(() => {
      this.#isFlushDue = false
      for (const [replica, lane] of this.#lanes) void this.#send(replica, lane)
      void this.#readWhole()
    })
  }

  #laneOf(replica: WatchedReplica): RepairLane {
    const known = this.#lanes.get(replica)
    if (known !== undefined) return known
    const lane = { waiting: new Map(), isSending: false }
    this.#lanes.set(replica, lane)
    return lane
  }

  async #send(replica: WatchedReplica, lane: RepairLane): Promise<void> {
    const { waiting } = lane
    if (waiting.size === 0 || lane.isSending) return
    const batch = [...waiting.values()].slice(0, batchKeysMax)
    for (const { record } of batch) {
      waiting.delete(record.key)
      this.#length -= record.payload.length
    }
    this.#size -= batch.length
    lane.isSending = true
    try {
      const outcomes = await replica.putManyIfNewer(batch.map(entryOf), { timeoutMs: this.#options.callTimeoutMs })
      this.#announce(replica.id, batch, outcomes)
    } catch (error) {
      const keys = batch.map(({ record }) => record.key)
      this.#drop(replica.id, keys, thrownText(error))
    }
    lane.isSending = false
    if (waiting.size === 0) this.#lanes.delete(replica)
    this.#continue()
  }

  async #readWhole(): Promise<void> {
    if (this.#isRereading || this.#rereads.size === 0) return
    const keys = [...this.#rereads].slice(0, batchKeysMax)
    for (const key of keys) this.#rereads.delete(key)
    this.#isRereading = true
    await this.#options.readWhole(keys)
    this.#isRereading = false
    this.#continue()
  }

  #continue(): void {
    if (this.#isIdle()) for (const resolve of this.#idleWaiters.splice(0)) resolve()
    else this.#flushSoon()
  }

  #announce(replica: string, batch: readonly Due[], outcomes: readonly PutOutcome[]): void {
    const { events } = this.#context
    if (!events.hasListeners('repair')) return
    for (const [index, { record, held }] of batch.entries()) {
      if (outcomes[index]?.status !== 'stored') continue
      events.emit({ type: 'repair', replica, key: record.key, version: record.version, held })
    }
  }

  #isFull(replica: string, key: string): boolean {
    if (this.size < this.#options.repairsMax) return false
    this.#drop(replica, [key], 'the repair queue is full')
    return true
  }

  /** A record longer than all that may wait still finds room where nothing else does. */
  #fits(growth: number): boolean {
    const lengthMax = this.#options.repairsLengthMax ?? repairsLengthMaxDefault
    return growth <= 0 || this.#length === 0 || this.#length + growth <= lengthMax
  }

  /** What is not repaired now is handed over later. */
  #drop(replica: string, keys: readonly string[], reason: string): void {
    this.#context.events.emit({ type: 'dropped', work: 'repair', replica, count: keys.length, reason })
    this.#context.hints.add(replica, keys)
  }
}

function entryOf({ record, held, mendsIdentity }: Due): Entry {
  if (held !== 'corrupt') return { record }
  return mendsIdentity === undefined ? { record, mendsCorrupt: true } : { record, mendsCorrupt: true, mendsIdentity }
}

/** The newer record; what could not be read has to be mended whichever of the two found it. */
function joined(earlier: Due, later: Due): Due {
  const newer = compareRecords(later.record, earlier.record) > 0 ? later : earlier
  const isCorrupt = earlier.held === 'corrupt' || later.held === 'corrupt'
  if (!isCorrupt) return newer
  const mendsIdentity = later.mendsIdentity ?? earlier.mendsIdentity
  return mendsIdentity === undefined ? { ...newer, held: 'corrupt' } : { ...newer, held: 'corrupt', mendsIdentity }
}
