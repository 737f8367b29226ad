import type { CoordinatorContext, RepairSink } from '../coordinator/context.ts'
import type { Repair } from '../core/read.ts'
import type { RecordHead, VersionedRecord } from '../core/record.ts'
import { compareRecords } from '../core/resolve.ts'
import type { Entry, PutOutcome } from '../replica.ts'

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

const batchKeysMax = 500
const repairsLengthMaxDefault = 16_000_000

/**
 * Read repair, in the background: gives lagging replicas what a read found to be newest. Work is joined by key and
 * replica; one batch a replica is under way. What is dropped or fails is announced, and found again by the next read.
 */
export class RepairQueue implements RepairSink {
  readonly #context: Omit<CoordinatorContext, 'repairs'>
  readonly #options: RepairOptions
  readonly #waiting: Map<string, Due>[]
  readonly #isSending: boolean[]
  #rereads = new Set<string>()
  #isRereading = false
  #size = 0
  #length = 0
  #isFlushDue = false
  readonly #idleWaiters: (() => void)[] = []

  constructor(context: Omit<CoordinatorContext, 'repairs'>, options: RepairOptions) {
    this.#context = context
    this.#options = options
    this.#waiting = context.replicas.map(() => new Map())
    this.#isSending = context.replicas.map(() => false)
  }

  get size(): number {
    return this.#size + this.#rereads.size
  }

  add(repair: Due): void {
    const waiting = this.#waiting[repair.replica]
    if (waiting === undefined) return
    const { key } = repair.record
    const earlier = waiting.get(key)
    if (earlier === undefined && this.#isFull(repair.replica)) return
    const due = earlier === undefined ? repair : joined(earlier, repair)
    const growth = due.record.payload.length - (earlier?.record.payload.length ?? 0)
    if (!this.#fits(growth)) {
      this.#drop(repair.replica, 1, `${this.#length} characters wait for repair already`)
      return
    }
    waiting.set(key, due)
    this.#length += growth
    if (earlier === undefined) this.#size += 1
    this.#flushSoon()
  }

  reread({ replica, record }: Repair<RecordHead>): void {
    if (this.#rereads.has(record.key) || this.#isFull(replica)) return
    this.#rereads.add(record.key)
    this.#flushSoon()
  }

  /** Resolves when nothing waits and nothing is under way. */
  idle(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve()
    return new Promise((resolve) => this.#idleWaiters.push(resolve))
  }

  #isIdle(): boolean {
    return this.size === 0 && !this.#isRereading && !this.#isSending.includes(true)
  }

  #flushSoon(): void {
    if (this.#isFlushDue) return
    this.#isFlushDue = true
    this.#context.runtime.timers.endOfTurn(() => {
      this.#isFlushDue = false
      for (const replica of this.#waiting.keys()) void this.#send(replica)
      void this.#readWhole()
    })
  }

  async #send(replica: number): Promise<void> {
    const waiting = this.#waiting[replica]
    const target = this.#context.replicas[replica]
    if (waiting === undefined || target === undefined || waiting.size === 0 || this.#isSending[replica]) return
    const batch = [...waiting.values()].slice(0, batchKeysMax)
    for (const { record } of batch) {
      waiting.delete(record.key)
      this.#length -= record.payload.length
    }
    this.#size -= batch.length
    this.#isSending[replica] = true
    try {
      const outcomes = await target.putManyIfNewer(batch.map(entryOf), { timeoutMs: this.#options.callTimeoutMs })
      this.#announce(replica, batch, outcomes)
    } catch (error) {
      this.#drop(replica, batch.length, error instanceof Error ? error.message : String(error))
    }
    this.#isSending[replica] = false
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

  #announce(replica: number, batch: readonly Due[], outcomes: readonly PutOutcome[]): void {
    const { events, replicas } = this.#context
    if (!events.hasListeners('repair')) return
    const id = replicas[replica]?.id ?? ''
    for (const [index, { record, held }] of batch.entries()) {
      if (outcomes[index]?.status !== 'stored') continue
      events.emit({ type: 'repair', replica: id, key: record.key, version: record.version, held })
    }
  }

  #isFull(replica: number): boolean {
    if (this.size < this.#options.repairsMax) return false
    this.#drop(replica, 1, 'the repair queue is full')
    return true
  }

  /** A record longer than all that may wait still finds room where nothing else does. */
  #fits(growth: number): boolean {
    const lengthMax = this.#options.repairsLengthMax ?? repairsLengthMaxDefault
    return growth <= 0 || this.#length === 0 || this.#length + growth <= lengthMax
  }

  #drop(replica: number, count: number, reason: string): void {
    const id = this.#context.replicas[replica]?.id ?? ''
    this.#context.events.emit({ type: 'dropped', work: 'repair', replica: id, count, reason })
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
