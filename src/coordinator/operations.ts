import type { HashRange } from '../core/hash.ts'
import { isDead, newTombstone, newValue, type RecordHead, type VersionedRecord } from '../core/record.ts'
import { QuorumError, type QuorumOperation } from '../errors.ts'
import type { Timers } from '../runtime.ts'
import { clearKeys } from './clear.ts'
import type { CoordinatorContext, OperationPlan } from './context.ts'
import { importRecords } from './import-records.ts'
import { type IterationLimits, liveKeys } from './iterate.ts'
import { ReadBatch } from './read-batch.ts'
import { headsAlone, type ReadKind, wholeRecords } from './read-kind.ts'
import { Turn } from './turn.ts'
import { WriteBatch, type WriteRequest } from './write-batch.ts'

/** A value on its way in. `payload` and `key` as the port wants them; `expiresAtMs` null for never. */
export interface ValueWrite {
  readonly key: string
  readonly payload: string
  readonly expiresAtMs: number | null
}

/** With what, and how, the operations that begin now are carried out. */
export interface OperationFrame {
  readonly context: CoordinatorContext
  readonly plan: OperationPlan
}

/**
 * The operations of the store under one plan (n, r, w, kind of reads). Calls of one turn of the event loop travel
 * together. Every method rejects with a `QuorumError` when its quorum is lost, and with nothing else.
 */
export class Operations {
  readonly #frame: () => OperationFrame
  readonly #gets: Turn<ReadBatch<VersionedRecord>>
  readonly #heads: Turn<ReadBatch<RecordHead>>
  readonly #writes: Turn<{ batch: WriteBatch; send(): void }>

  /** @param frame asked anew for every batch, because replicas come and go while the store is in use */
  constructor(timers: Timers, frame: () => OperationFrame) {
    const open = <Head extends RecordHead>(kind: ReadKind<Head>, operation: QuorumOperation) => {
      const { context, plan } = frame()
      return new ReadBatch(context, plan, kind, operation)
    }
    this.#frame = frame
    this.#gets = new Turn(timers, () => open(wholeRecords, 'get'))
    this.#heads = new Turn(timers, () => open(headsAlone, 'has'))
    this.#writes = new Turn(timers, () => this.#openWrites())
  }

  /** The newest record, dead or alive; null when there is none. */
  read(key: string): Promise<VersionedRecord | null> {
    return new Promise((resolve, reject) => this.#gets.batch().add(key, resolve, reject))
  }

  /** The newest record of each key, dead or alive, in one batch. */
  readMany(keys: readonly string[]): Promise<readonly (VersionedRecord | null)[]> {
    return Promise.all(keys.map((key) => this.read(key)))
  }

  /**
   * Writes records with the versions that they have. `kept` where something newer is held already, also dead.
   * @throws QuorumError when fewer than w replicas hold a record or something newer
   */
  importRecords(records: readonly VersionedRecord[]): Promise<readonly ('imported' | 'kept')[]> {
    const { context, plan } = this.#frame()
    return importRecords(context, plan, records)
  }

  /**
   * The newest record if it was alive when the read began; null otherwise. Later would be wrong: what another write replaced
   * before it expired, while a slow read was under way, was at no moment absent.
   */
  async readLive(key: string): Promise<VersionedRecord | null> {
    const { context, plan } = this.#frame()
    const { clock } = context.runtime
    const beganAtMs = clock.nowMs()
    const endsAtMonotonicMs = clock.monotonicMs() + plan.deadlineMs
    const record = await this.read(key)
    if (record === null || isDead(record, beganAtMs)) return null
    const isOver = plan.linearizable && isDead(record, clock.nowMs())
    return isOver ? this.#readAgain(key, endsAtMonotonicMs) : record
  }

  readLiveMany(keys: readonly string[]): Promise<(VersionedRecord | null)[]> {
    return Promise.all(keys.map((key) => this.readLive(key)))
  }

  async isLive(key: string): Promise<boolean> {
    // What is answered must be held by w replicas under these plans, and a head cannot be put anywhere.
    if (this.#frame().plan.writesBack) return (await this.readLive(key)) !== null
    const beganAtMs = this.#nowMs()
    const head = await new Promise<RecordHead | null>((resolve, reject) =>
      this.#heads.batch().add(key, resolve, reject),
    )
    return head !== null && !isDead(head, beganAtMs)
  }

  async set({ key, payload, expiresAtMs }: ValueWrite): Promise<void> {
    await this.#write({ key, operation: 'set', draft: (version) => newValue(key, version, payload, expiresAtMs) })
  }

  /** @returns whether a live value was deleted */
  delete(key: string): Promise<boolean> {
    return this.#write({ key, operation: 'delete', draft: (version, nowMs) => newTombstone(key, version, nowMs) })
  }

  /** Deletes every key that starts with the prefix and was acknowledged before; what is written meanwhile survives. */
  clear(keyPrefix: string): Promise<void> {
    const { context, plan } = this.#frame()
    return clearKeys(context, plan, keyPrefix)
  }

  /** Every live record whose key starts with the prefix, each once, in pages. */
  async *iterate(keyPrefix: string, limits: IterationLimits, range?: HashRange): AsyncGenerator<VersionedRecord[]> {
    const { context, plan } = this.#frame()
    for await (const keys of liveKeys(context, plan, keyPrefix, limits, range)) {
      const records = await this.readLiveMany(keys)
      yield records.filter((record) => record !== null)
    }
  }

  /**
   * A record that expired while it was read may be of a write that was under way all that time: others may find what was there
   * before it for longer than it lives, so it must not have been seen. In what is left of the deadline the key is read until
   * what is found was dead before, or is alive after.
   */
  async #readAgain(key: string, endsAtMonotonicMs: number): Promise<VersionedRecord | null> {
    const { context, plan } = this.#frame()
    const { clock } = context.runtime
    for (;;) {
      const againAtMs = clock.nowMs()
      const deadlineMs = Math.max(1, endsAtMonotonicMs - clock.monotonicMs())
      const batch = new ReadBatch(context, { ...plan, deadlineMs }, wholeRecords, 'get')
      const [record = null] = await batch.readAll([key])
      if (record === null || isDead(record, againAtMs)) return null
      if (!isDead(record, clock.nowMs())) return record
    }
  }

  #write(request: WriteRequest): Promise<boolean> {
    return new Promise((resolve, reject) => this.#writes.batch().batch.add(request, resolve, reject))
  }

  #openWrites(): { batch: WriteBatch; send(): void } {
    const { context, plan } = this.#frame()
    const batch = new WriteBatch(context, plan, plan.linearizable)
    const send = plan.linearizable ? () => void sendAfterVersions(context, plan, batch) : () => batch.send()
    return { batch, send }
  }

  #nowMs(): number {
    return this.#frame().context.runtime.clock.nowMs()
  }
}

/** The first phase of a linearizable write: a read quorum shows the newest versions, which moves the clock past them. */
async function sendAfterVersions(context: CoordinatorContext, plan: OperationPlan, batch: WriteBatch): Promise<void> {
  const heads = new ReadBatch(context, { ...plan, writesBack: false }, headsAlone, 'set')
  try {
    await heads.readAll(batch.keys)
  } catch (error) {
    if (error instanceof QuorumError) return batch.abandon(error)
    throw error
  }
  batch.send()
}
