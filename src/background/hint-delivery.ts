import { isCorrupt, type RecordHead, type VersionedRecord } from '../core/record.ts'
import { compareStamps } from '../core/resolve.ts'
import { isRetired, type Retirement } from '../core/retirement.ts'
import type { Events } from '../events.ts'
import type { CallOptions, Entry, VersionAnswer } from '../replica.ts'
import type { Runtime } from '../runtime.ts'
import type { WatchedReplica } from '../wrap/detector.ts'
import type { Hints } from './hints.ts'
import { Probe } from './probe.ts'

export interface HandoffParts {
  readonly runtime: Runtime
  readonly events: Events
  readonly hints: Hints
  readonly callTimeoutMs: number
  /** How many keys a replica is given in a second, at most. */
  readonly keysPerSecond: number
  readonly gcGraceMs: number
  /** The replica as it is now; undefined when it is no part of the store. */
  replica(id: string): WatchedReplica | undefined
  /** The newest record of each key, dead ones included, as a read quorum knows it; rejects without a quorum. */
  readNewest(keys: readonly string[]): Promise<readonly (VersionedRecord | null)[]>
}

const batchKeysMax = 500
/** Values of more characters than this are read in smaller batches from then on. */
const batchLengthMax = 4_000_000
/** What fails in one moment travels together. */
const gatherMs = 100
const pauseMinMs = 250
const pauseMaxMs = 30_000

/** Delivers to one replica what it missed: one batch at a time, never while it is down. */
export class HintDelivery {
  readonly #id: string
  readonly #parts: HandoffParts
  readonly #probe: Probe
  readonly #keysMax: number
  /** How many keys the next batch has. Fewer after a failure, which may have been one of size. */
  #batchKeys: number
  /** How long it waits after failures of a replica that is up, or without a quorum; 0 when the last batch went well. */
  #pauseMs = 0
  #underWay: readonly string[] = []
  #cancelWait: (() => void) | null = null
  #isStopped = false
  #onFinished: (() => void) | null = null

  constructor(id: string, parts: HandoffParts) {
    const { runtime, callTimeoutMs, keysPerSecond, hints } = parts
    this.#id = id
    this.#parts = parts
    this.#keysMax = Math.max(1, Math.min(batchKeysMax, Math.floor(keysPerSecond)))
    this.#batchKeys = this.#keysMax
    this.#probe = new Probe({
      runtime,
      callTimeoutMs,
      replica: () => this.#replica(),
      isWanted: (replica) =>
        !this.#isStopped && replica.condition() !== 'up' && (hints.size(id) > 0 || hints.needsSweep(id) !== null),
    })
  }

  /** Keys that are still to be delivered, those under way included. */
  get left(): number {
    return this.#parts.hints.size(this.#id) + this.#underWay.length
  }

  /** There is a new hint, or the replica went down. */
  wake(): void {
    if (this.#isStopped || this.#isBusy()) return
    const replica = this.#replica()
    if (replica === undefined) return
    if (replica.condition() !== 'up') this.#probe.start()
    else if (this.left > 0) this.#wait(Math.max(gatherMs, this.#pauseMs))
  }

  /** The replica is up again: whatever pause there was is over. */
  replicaUp(): void {
    if (this.#isStopped || this.#underWay.length > 0 || this.left === 0) return
    this.#probe.stop()
    this.#wait(gatherMs)
  }

  /** Resolves when all is delivered, or as soon as something fails. */
  finish(): Promise<void> {
    if (this.#isStopped || this.left === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onFinished = resolve
      if (this.#underWay.length === 0) this.#wait(0)
    })
  }

  stop(): void {
    this.#isStopped = true
    this.#cancelWait?.()
    this.#cancelWait = null
    this.#probe.stop()
    this.#end()
  }

  #isBusy(): boolean {
    return this.#underWay.length > 0 || this.#cancelWait !== null
  }

  #wait(delayMs: number): void {
    this.#cancelWait?.()
    this.#cancelWait = this.#parts.runtime.timers.afterIfAlive(Math.max(0, delayMs), () => {
      this.#cancelWait = null
      void this.#deliver()
    })
  }

  async #deliver(): Promise<void> {
    const { hints, runtime, keysPerSecond } = this.#parts
    const replica = this.#replica()
    if (replica === undefined) return this.#end()
    if (replica.condition() !== 'up') return this.#pause()
    const keys = hints.take(this.#id, this.#batchKeys)
    if (keys.length === 0) return this.#end()
    this.#underWay = keys
    const startedMs = runtime.clock.monotonicMs()
    const isDelivered = await this.#replay(replica, keys)
    this.#underWay = []
    if (this.#isStopped) return
    if (!isDelivered) return this.#afterFailure(keys)
    this.#pauseMs = 0
    if (hints.size(this.#id) === 0) return this.#end()
    this.#wait((keys.length / keysPerSecond) * 1_000 - (runtime.clock.monotonicMs() - startedMs))
  }

  #afterFailure(keys: readonly string[]): void {
    this.#parts.hints.putBack(this.#id, keys)
    this.#batchKeys = Math.max(1, Math.floor(keys.length / 2))
    this.#pauseMs = Math.min(Math.max(this.#pauseMs * 2, pauseMinMs), pauseMaxMs)
    this.#pause()
  }

  #pause(): void {
    if (this.#onFinished !== null) this.#end()
    else this.wake()
  }

  /** @returns whether the replica has it all now */
  async #replay(replica: WatchedReplica, keys: readonly string[]): Promise<boolean> {
    const { events } = this.#parts
    try {
      const newest = (await this.#parts.readNewest(keys)).filter((record) => record !== null)
      this.#fitBatch(keys.length, newest)
      const entries = await this.#due(replica, newest)
      const outcomes = entries.length === 0 ? [] : await replica.putManyIfNewer(entries, this.#callOptions())
      const stored = outcomes.filter(({ status }) => status === 'stored').length
      events.emit({ type: 'handoff', replica: this.#id, keys: keys.length, stored })
      return true
    } catch {
      // Lost quorums and failed calls have been announced where they happened.
      return false
    }
  }

  /** Values are read and put a batch at a time, so that large ones make for fewer keys a batch. */
  #fitBatch(keys: number, records: readonly VersionedRecord[]): void {
    const length = records.reduce((sum, { payload }) => sum + payload.length, 0)
    const fitting = Math.floor((keys * batchLengthMax) / Math.max(1, length))
    this.#batchKeys = Math.max(1, Math.min(fitting, keys * 2, this.#keysMax))
  }

  /**
   * A dead record whose time is over may have been purged where nothing is held, and would come back. Where something
   * older is held it must go all the same, as a read would repair it: that is what was deleted.
   */
  async #due(replica: WatchedReplica, newest: readonly VersionedRecord[]): Promise<readonly Entry[]> {
    const retirement = this.#retirement()
    const retired = newest.filter((record) => isRetired(record, retirement))
    if (retired.length === 0) return newest.map((record) => ({ record }))
    const keys = retired.map(({ key }) => key)
    const answers = await replica.getVersions(keys, this.#callOptions())
    const settled = new Set(retired.filter((record, index) => !isOlder(answers[index] ?? null, record)))
    return newest.filter((record) => !settled.has(record)).map((record) => ({ record }))
  }

  #retirement(): Retirement {
    const nowMs = this.#parts.runtime.clock.nowMs()
    return { retainedUntilMs: nowMs, diedUntilMs: nowMs - this.#parts.gcGraceMs }
  }

  #replica(): WatchedReplica | undefined {
    return this.#parts.replica(this.#id)
  }

  #callOptions(): CallOptions {
    return { timeoutMs: this.#parts.callTimeoutMs }
  }

  #end(): void {
    this.#onFinished?.()
    this.#onFinished = null
  }
}

/** Whether something is held that is older; what cannot be read counts as older than any. */
function isOlder(held: VersionAnswer, record: RecordHead): boolean {
  if (held === null) return false
  return isCorrupt(held) || compareStamps(held, record) < 0
}
