import { isDead, withRetention } from '../core/record.ts'
import { versionLength } from '../core/version.ts'
import { KeyWrite, type WriteStep } from '../core/write.ts'
import { isNotApplied, QuorumError, type QuorumOperation, ReplicaError } from '../errors.ts'
import type { CallOptions, Entry, PutOutcome, ReadAnswer } from '../replica.ts'
import type { WatchedReplica } from '../wrap/detector.ts'
import { askReplica } from './ask-replica.ts'
import { Causes } from './causes.ts'
import { type CoordinatorContext, Deadline, type OperationPlan, observeVersion } from './context.ts'
import { isDoubtful, proofOf } from './doubtful-version.ts'
import { entriesOf, putAtNewcomers } from './newcomers.ts'
import { partsOf } from './parts.ts'
import { TurnEnd } from './turn.ts'
import {
  type Answered,
  type Draft,
  mayBeApplied,
  newSlot,
  noteMissed,
  type Sent,
  type Slot,
  tellMissed,
  type Waiter,
} from './write-slot.ts'

/** One write as its caller asked for it. */
export interface WriteRequest {
  readonly key: string
  readonly operation: 'set' | 'delete' | 'clear'
  readonly draft: Draft
}

/** For a draft of which only the lifetime matters. */
const anyVersion = '0'.repeat(versionLength)

/** How often a write is tried again with a later version before it fails. */
const attemptsMax = 16

/**
 * The writes of one turn, carried out together: one request a replica (or as few as hold them) and attempt, one deadline,
 * a vote for each key. Of several writes of a key in one turn only the last is sent; the others are acknowledged with it,
 * as if they had come just before.
 */
export class WriteBatch {
  readonly #context: CoordinatorContext
  readonly #plan: OperationPlan
  readonly #supersededAcks: boolean
  readonly #causes: Causes
  readonly #slots = new Map<string, Slot>()
  readonly #deadline: Deadline
  /** Refusals that are on their way in this very turn are waited for: they make the error complete, its outcome certain. */
  readonly #lostInTurn: TurnEnd<Slot>
  #unsettled = 0

  constructor(context: CoordinatorContext, plan: OperationPlan, supersededAcks: boolean) {
    this.#context = context
    this.#plan = plan
    this.#supersededAcks = supersededAcks
    this.#causes = new Causes(context)
    this.#deadline = new Deadline(context, plan)
    this.#lostInTurn = new TurnEnd(context.runtime.timers, (slots) => this.#rejectLost(slots))
  }

  get keys(): readonly string[] {
    return [...this.#slots.keys()]
  }

  add({ key, operation, draft }: WriteRequest, resolve: Waiter['resolve'], reject: Waiter['reject']): void {
    const slot = this.#slots.get(key)
    if (slot === undefined) {
      const write = new KeyWrite({ n: this.#plan.n, w: this.#plan.w, supersededAcks: this.#supersededAcks })
      this.#slots.set(key, newSlot(key, write, draft, { resolve, reject, operation, replacedLive: null }))
      this.#unsettled += 1
      return
    }
    const nowMs = this.#context.runtime.clock.nowMs()
    const replacedLive = !isDead(slot.draft(anyVersion, nowMs), nowMs)
    slot.waiters.push({ resolve, reject, operation, replacedLive })
    slot.draft = draft
  }

  send(): void {
    this.#deadline.onExpiry(() => this.#expire())
    const slots = [...this.#slots.values()]
    const stamped = slots.filter((slot) => this.#stamp(slot))
    if (stamped.length < slots.length) this.#rejectLost(slots.filter((slot) => slot.record === null))
    if (stamped.length > 0) this.#scatter(stamped)
  }

  /** Ends every write before anything was sent, for the reason given. */
  abandon(error: QuorumError): void {
    const { causes } = error
    const errorOf = (operation: QuorumOperation) =>
      operation === error.operation ? error : new QuorumError({ ...error, causes, operation })
    for (const slot of this.#slots.values()) this.#reject(slot, errorOf)
  }

  /** @returns whether there was a version left: after one from the end of time there is none */
  #stamp(slot: Slot): boolean {
    const nowMs = this.#context.runtime.clock.nowMs()
    try {
      slot.record = slot.draft(this.#context.clock.next(nowMs), nowMs)
      return true
    } catch (error) {
      if (error instanceof RangeError) return false
      throw error
    }
  }

  #scatter(slots: readonly Slot[]): void {
    const sent = slots.flatMap((slot) =>
      slot.record === null ? [] : [{ slot, attempt: slot.attempt, record: slot.record }],
    )
    const options = this.#deadline.callOptions(this.#plan.w)
    // The replicas are given the very same list, so that an adapter may encode it once for all of its kind.
    const entries = entriesOf(sent)
    for (const [replica, watched] of this.#context.replicas.entries()) {
      for (const part of partsOf(sent, watched.limits.batchKeysMax)) {
        this.#put(replica, watched, part, part === sent ? entries : entriesOf(part), options)
      }
    }
    putAtNewcomers(this.#context, entries, options)
  }

  #put(
    replica: number,
    watched: WatchedReplica,
    sent: readonly Sent[],
    entries: readonly Entry[],
    options: CallOptions,
  ): void {
    askReplica(watched, options, this.#causes, replica, {
      call: () => watched.putManyIfNewer(entries, options),
      onAnswer: (outcomes) => this.#onOutcomes(replica, sent, outcomes),
      onUncounted: (_outcomes, whySilent) => this.#onUncounted(replica, sent, whySilent),
      onFailure: (error) => this.#onFailure(replica, sent, error),
    })
  }

  /** A joining replica took the writes, or something newer: neither is an acknowledgement. */
  #onUncounted(replica: number, sent: readonly Sent[], whySilent: ReplicaError): void {
    this.#causes.add(replica, whySilent)
    this.#advance(sent, (slot) => {
      slot.isUncertain = true
      return slot.write.addFailure()
    })
  }

  #onOutcomes(replica: number, sent: readonly Sent[], outcomes: readonly PutOutcome[]): void {
    if (outcomes.every(({ status }) => status !== 'superseded')) {
      this.#advance(sent, (slot, index) =>
        slot.write.addAnswer(outcomes[index] as PutOutcome, sent[index]?.record.retainUntilMs ?? 0),
      )
      return
    }
    const answered = sent.map((each, index) => ({ ...each, outcome: outcomes[index] as PutOutcome }))
    const doubtful = answered.filter((each) => isDoubtful(this.#context, each))
    const plain = doubtful.length === 0 ? answered : answered.filter((each) => !doubtful.includes(each))
    this.#advance(plain, (slot, index) => this.#addOutcome(replica, slot, plain[index] as Answered))
    if (doubtful.length > 0) void this.#verify(replica, doubtful)
  }

  #addOutcome(replica: number, slot: Slot, { outcome, record }: Answered): WriteStep {
    if (outcome.status === 'superseded') {
      slot.supersededAt.push(replica)
      observeVersion(this.#context, slot.key, outcome.by.version)
    }
    return slot.write.addAnswer(outcome, record.retainUntilMs)
  }

  /** Reads at the same replica what is said to stand in the way: a whole record proves its version, and counts. */
  async #verify(replica: number, doubtful: readonly Answered[]): Promise<void> {
    const open = doubtful.filter(({ slot, attempt }) => !slot.isSettled && slot.attempt === attempt)
    for (const each of doubtful) if (!open.includes(each)) this.#readAgain(replica, each)
    const watched = this.#context.replicas[replica]
    if (open.length === 0 || watched === undefined) return
    const keys = open.map(({ record }) => record.key)
    const options = this.#deadline.callOptions(this.#plan.w)
    await this.#causes.watch(replica, watched.getMany(keys, options)).then(
      (answers) => this.#onVerified(replica, open, answers),
      (error: unknown) => this.#onFailure(replica, open, error),
    )
  }

  #onVerified(replica: number, doubtful: readonly Answered[], answers: readonly ReadAnswer[]): void {
    const proofs = doubtful.map(({ record }, index) => proofOf(record, answers[index] ?? null))
    if (proofs.includes(null))
      this.#causes.addCorrupt(replica, 'claims a version from the future, and holds no record with it')
    for (const [index, each] of doubtful.entries()) if (proofs[index] === null) this.#readAgain(replica, each)
    this.#advance(doubtful, (slot, index) => {
      const by = proofs[index] ?? null
      if (by === null) return slot.write.addFailure()
      return this.#addOutcome(replica, slot, {
        ...(doubtful[index] as Answered),
        outcome: { status: 'superseded', by },
      })
    })
  }

  /** In the background, at all replicas: tells of the damage, and mends it. */
  #readAgain(replica: number, { record }: Answered): void {
    const watched = this.#context.replicas[replica]
    if (watched !== undefined) this.#context.repairs.reread(watched, record.key)
  }

  #onFailure(replica: number, sent: readonly Sent[], error: unknown): void {
    const cause = this.#causes.add(replica, error)
    const isUncertain = !isNotApplied(cause)
    for (const { slot } of sent) noteMissed(slot, cause.replica, this.#context.hints)
    this.#advance(sent, (slot) => {
      slot.isUncertain ||= isUncertain
      return slot.write.addFailure()
    })
  }

  #advance(sent: readonly Sent[], add: (slot: Slot, index: number) => WriteStep): void {
    const lost: Slot[] = []
    const again: Slot[] = []
    for (const [index, { slot, attempt }] of sent.entries()) {
      if (slot.isSettled || slot.attempt !== attempt) continue
      const step = add(slot, index)
      if (step.next === 'met') this.#resolve(slot)
      else if (step.next === 'lost') lost.push(slot)
      else if (step.next !== 'wait') (this.#beginAttempt(slot, step) ? again : lost).push(slot)
    }
    if (lost.length > 0) this.#lostInTurn.add(lost)
    if (again.length > 0) this.#scatter(again)
  }

  /** @returns whether there is another attempt */
  #beginAttempt(slot: Slot, step: WriteStep & { next: 'retry' | 'extend' }): boolean {
    if (slot.attempt >= attemptsMax || slot.record === null) return this.#giveUp(slot)
    const { supersededAt } = slot
    slot.attempt += 1
    slot.supersededAt = []
    slot.isUncertain ||= slot.write.unanswered > 0
    slot.write.beginAttempt()
    if (step.next === 'extend') slot.record = withRetention(slot.record, step.retainUntilMs)
    else {
      if (!this.#stamp(slot) || slot.record.version <= step.laterThan) return this.#giveUp({ ...slot, supersededAt })
      const retriedWith = slot.record.version
      this.#context.events.emit({ type: 'superseded', key: slot.key, by: step.laterThan, retriedWith })
    }
    return true
  }

  #giveUp({ supersededAt }: Slot): false {
    for (const replica of supersededAt) {
      const { id } = this.#context.replicas[replica] ?? { id: String(replica) }
      const reason = 'newer writes of the key kept getting in the way'
      this.#causes.add(replica, new ReplicaError('REJECTED', reason, { replica: id }))
    }
    return false
  }

  #resolve(slot: Slot): void {
    const replacedLive = slot.write.replacedLiveValue(this.#context.runtime.clock.nowMs())
    this.#close(slot)
    for (const waiter of slot.waiters) waiter.resolve(waiter.replacedLive ?? replacedLive)
  }

  #rejectLost(slots: readonly Slot[]): void {
    const open = slots.filter((slot) => !slot.isSettled)
    if (open.length === 0) return
    // The keys may all be of one setMany, whose error speaks for all of them.
    const isUncertain = [...this.#slots.values()].some(mayBeApplied)
    const acked = open.reduce((least, slot) => Math.min(least, slot.write.acked), this.#plan.w - 1)
    const lost = {
      needed: this.#plan.w,
      acked,
      keysFailed: open.length,
      outcome: isUncertain ? 'unknown' : 'not-applied',
    } as const
    const errors = new Map<QuorumOperation, QuorumError>()
    const errorOf = (operation: QuorumOperation) => {
      const error = errors.get(operation) ?? this.#causes.quorumError({ operation, ...lost })
      errors.set(operation, error)
      return error
    }
    for (const slot of open) this.#reject(slot, errorOf)
  }

  #reject(slot: Slot, errorOf: (operation: QuorumOperation) => QuorumError): void {
    if (slot.isSettled) return
    this.#close(slot)
    for (const waiter of slot.waiters) waiter.reject(errorOf(waiter.operation))
  }

  #close(slot: Slot): void {
    slot.isSettled = true
    tellMissed(slot, this.#context.hints)
    this.#unsettled -= 1
    if (this.#unsettled === 0) this.#deadline.cancel()
  }

  #expire(): void {
    this.#causes.addLate(this.#plan.deadlineMs)
    this.#rejectLost([...this.#slots.values()])
  }
}
