import type { HashRange } from '../../src/core/hash.ts'
import type { RecordHead, ScanEntry } from '../../src/core/record.ts'
import type {
  ChangesOptions,
  ChangesStep,
  DigestOptions,
  DigestStep,
  Entry,
  PutOutcome,
  ReadAnswer,
  ScanOptions,
  VersionAnswer,
} from '../../src/replica.ts'
import type { Runtime } from '../../src/runtime.ts'
import { PurgeBatch } from './purge-batch.ts'
import { PutBatch } from './put-batch.ts'
import { HeadsBatch, ReadBatch } from './read-batch.ts'
import type { RedisBatch } from './redis-batch.ts'
import { RedisCall, runCall } from './redis-call.ts'
import { RedisChanges } from './redis-changes.ts'
import { RedisDigest } from './redis-digest.ts'
import { RedisScan } from './redis-scan.ts'
import type { StoredKeys } from './stored-keys.ts'
import { type LineageSettings, tellLineage } from './tell-lineage.ts'
import type { ToldLineage } from './told-lineage.ts'

export interface RedisCallsParts extends Omit<LineageSettings, 'random'> {
  readonly stored: StoredKeys
  readonly runtime: Runtime
  readonly expiryMarginMs: number
  /** The most entries of the log of changes; 0 for none. */
  readonly changesMax: number
}

/** When the replica closes, how long calls under way may go on, in ms. */
const closeWaitMaxMs = 1_000
const clientDigits = 8

/**
 * The calls of the port.
 *
 * Once `lineage` was told, every answer is vouched for by it: when a server was restarted without its append-only file,
 * replaced or emptied since, calls under way reject, and so do those made until one of them has found out. After that,
 * calls go on, vouched for by nothing, until `lineage` is asked again. A caller that asks for the lineage after every
 * failure therefore never takes the emptiness of a server that lost its data for an answer.
 */
export class RedisCalls {
  readonly #parts: RedisCallsParts
  readonly #underWay = new Set<RedisCall>()
  #told: ToldLineage | null = null
  #clientText: string | null = null
  #callsLogged = 0
  #isClosed = false
  #whenIdle: (() => void) | null = null

  constructor(parts: RedisCallsParts) {
    this.#parts = parts
  }

  async getMany(keys: readonly string[], timeoutMs: number): Promise<readonly ReadAnswer[]> {
    const batch = new ReadBatch(keys, this.#parts)
    await this.#perform(batch, timeoutMs)
    return batch.answers
  }

  async getVersions(keys: readonly string[], timeoutMs: number): Promise<readonly VersionAnswer[]> {
    const batch = new HeadsBatch(keys, this.#parts)
    await this.#perform(batch, timeoutMs)
    return batch.answers
  }

  async putManyIfNewer(entries: readonly Entry[], timeoutMs: number): Promise<readonly PutOutcome[]> {
    const { runtime, expiryMarginMs, stored, failures } = this.#parts
    const log = this.#parts.changesMax === 0 ? null : { entriesMax: this.#parts.changesMax, callText: this.#callText() }
    const batch = new PutBatch(entries, { stored, failures, expiryMarginMs, nowMs: runtime.clock.nowMs(), log })
    await this.#perform(batch, timeoutMs)
    return batch.outcomes
  }

  async purgeMany(heads: readonly RecordHead[], timeoutMs: number): Promise<readonly boolean[]> {
    const batch = new PurgeBatch(heads, this.#parts)
    await this.#perform(batch, timeoutMs)
    return batch.answers
  }

  scan(range: HashRange, options: ScanOptions): AsyncIterable<readonly ScanEntry[]> {
    const scan = new RedisScan(this.#parts, range, options)
    // One lineage from the first page to the last, also when another call finds out meanwhile that it is over.
    const told = this.#vouching()
    return scan.pages((work) => this.#run(options.pageTimeoutMs, work, told))
  }

  digest(range: HashRange, options: DigestOptions): AsyncIterable<DigestStep> {
    const digest = new RedisDigest({ ...this.#parts, random: this.#parts.runtime.random }, range, options)
    const told = this.#vouching()
    return digest.steps((work) => this.#run(options.stepTimeoutMs, work, told))
  }

  changes(after: string | null, options: ChangesOptions): AsyncIterable<ChangesStep> {
    const changes = new RedisChanges(this.#parts, this.#callText(), options.signal)
    const told = this.#vouching()
    return changes.steps(after, (work) => this.#run(options.stepTimeoutMs, work, told))
  }

  async lineage(timeoutMs: number): Promise<string> {
    const { random } = this.#parts.runtime
    this.#told = await this.#run(timeoutMs, (call) => tellLineage({ ...this.#parts, random }, call), null)
    return this.#told.text
  }

  /** Lets calls under way end for a moment, and rejects new ones. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#parts.routes.shut()
    if (this.#underWay.size > 0) {
      await new Promise<void>((resolve) => {
        const cancel = this.#parts.runtime.timers.after(closeWaitMaxMs, resolve)
        const previous = this.#whenIdle
        this.#whenIdle = () => {
          cancel()
          resolve()
          previous?.()
        }
      })
    }
    this.#parts.routes.close()
  }

  async #perform(batch: RedisBatch, timeoutMs: number): Promise<void> {
    if (batch.keys.length === 0) return this.#assertOpen()
    await this.#run(timeoutMs, (call) => this.#parts.routes.perform(batch, call))
  }

  async #run<Answer>(
    timeoutMs: number,
    work: (call: RedisCall) => Promise<Answer>,
    told: ToldLineage | null = this.#vouching(),
  ): Promise<Answer> {
    this.#assertOpen()
    const call = new RedisCall(told)
    this.#underWay.add(call)
    try {
      return await runCall(call, timeoutMs, this.#parts.runtime.timers, this.#parts.failures, work)
    } finally {
      this.#underWay.delete(call)
      if (this.#underWay.size === 0) this.#whenIdle?.()
    }
  }

  /** Sets what a call adds to the log of changes apart from what any other adds, of whatever client. */
  #callText(): string {
    this.#clientText ??= this.#parts.runtime.random.hex(clientDigits)
    this.#callsLogged += 1
    return this.#clientText + this.#callsLogged.toString(36)
  }

  #vouching(): ToldLineage | null {
    return this.#told === null || this.#told.isRevoked ? null : this.#told
  }

  #assertOpen(): void {
    if (this.#isClosed) throw this.#parts.failures.closed()
  }
}
