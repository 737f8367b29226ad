import { KeyRead, type ReadStep } from '../core/read.ts'
import { type CorruptRecord, isCorrupt, type RecordHead } from '../core/record.ts'
import { versionTimeMs } from '../core/version.ts'
import type { QuorumError, QuorumOperation, ReplicaError } from '../errors.ts'
import type { CallOptions, Entry } from '../replica.ts'
import type { WatchedReplica } from '../wrap/detector.ts'
import { askReplica } from './ask-replica.ts'
import { Causes } from './causes.ts'
import { type CoordinatorContext, Deadline, type OperationPlan, observeVersion } from './context.ts'
import { partsOf } from './parts.ts'
import type { ReadKind } from './read-kind.ts'
import { TurnEnd } from './turn.ts'

interface Slot<Head extends RecordHead> {
  readonly key: string
  readonly read: KeyRead<Head>
  readonly waiters: Waiter<Head>[]
  isSettled: boolean
}

interface Waiter<Head> {
  readonly resolve: (winner: Head | null) => void
  readonly reject: (error: QuorumError) => void
}

/**
 * The reads of one turn, carried out together: one request a replica (or as few as hold them), one deadline, a vote for
 * each key. A caller is answered as soon as its key is settled; answers that come later are still compared, for repair.
 */
export class ReadBatch<Head extends RecordHead> {
  readonly #context: CoordinatorContext
  readonly #plan: OperationPlan
  readonly #kind: ReadKind<Head>
  readonly #operation: QuorumOperation
  readonly #causes: Causes
  readonly #slots = new Map<string, Slot<Head>>()
  readonly #deadline: Deadline
  /** Refusals that are on their way in this very turn are waited for: they make the error complete. */
  readonly #lostInTurn: TurnEnd<Slot<Head>>
  #unsettled = 0

  constructor(context: CoordinatorContext, plan: OperationPlan, kind: ReadKind<Head>, operation: QuorumOperation) {
    this.#context = context
    this.#plan = plan
    this.#kind = kind
    this.#operation = operation
    this.#causes = new Causes(context)
    this.#deadline = new Deadline(context, plan)
    this.#lostInTurn = new TurnEnd(context.runtime.timers, (slots) => this.#settleLost(slots))
  }

  add(key: string, resolve: Waiter<Head>['resolve'], reject: Waiter<Head>['reject']): void {
    let slot = this.#slots.get(key)
    if (slot === undefined) {
      slot = { key, read: new KeyRead(this.#readPlan()), waiters: [], isSettled: false }
      this.#slots.set(key, slot)
      this.#unsettled += 1
    }
    slot.waiters.push({ resolve, reject })
  }

  send(): void {
    const slots = [...this.#slots.values()]
    const options = this.#deadline.callOptions(Math.max(this.#plan.r, this.#readPlan().holdersNeeded))
    this.#deadline.onExpiry(() => this.#expire())
    for (const [replica, watched] of this.#context.replicas.entries()) {
      for (const part of partsOf(slots, watched.limits.batchKeysMax)) this.#ask(replica, watched, part, options)
    }
  }

  /** Reads these keys, and nothing else, at once: their winners in the same order. */
  readAll(keys: readonly string[]): Promise<(Head | null)[]> {
    const winners = keys.map((key) => new Promise<Head | null>((resolve, reject) => this.add(key, resolve, reject)))
    this.send()
    return Promise.all(winners)
  }

  #ask(replica: number, watched: WatchedReplica, slots: readonly Slot<Head>[], options: CallOptions): void {
    const keys = slots.map((slot) => slot.key)
    askReplica(watched, options, this.#causes, replica, {
      call: () => this.#kind.ask(watched, keys, options),
      onAnswer: (answers) => this.#onAnswers(replica, slots, answers),
      onUncounted: (answers, whySilent) => this.#onEvidence(replica, slots, answers, whySilent),
      onFailure: (error) => this.#onFailure(replica, slots, error),
    })
  }

  #readPlan() {
    return { n: this.#plan.n, r: this.#plan.r, holdersNeeded: this.#plan.writesBack ? this.#plan.w : 0 }
  }

  #onAnswers(replica: number, slots: readonly Slot<Head>[], answers: readonly (Head | CorruptRecord | null)[]): void {
    const nowMs = this.#context.runtime.clock.nowMs()
    const outcome = new StepOutcome<Head>()
    for (const [index, slot] of slots.entries()) {
      const answer = this.#markIfUnderWay(answers[index] ?? null, nowMs)
      if (isCorrupt(answer)) this.#noteCorrupt(replica, answer)
      else if (answer !== null && slot.isSettled) this.#observeLate(slot, answer)
      outcome.add(slot, slot.read.addAnswer(replica, answer, nowMs))
    }
    this.#perform(outcome)
  }

  /** What a joining replica said: it has no vote, and what is so old that its tombstone may be forgotten says nothing. */
  #onEvidence(
    replica: number,
    slots: readonly Slot<Head>[],
    answers: readonly (Head | CorruptRecord | null)[],
    whySilent: ReplicaError,
  ): void {
    const nowMs = this.#context.runtime.clock.nowMs()
    this.#causes.add(replica, whySilent)
    const outcome = new StepOutcome<Head>()
    for (const [index, slot] of slots.entries()) {
      const answer = answers[index] ?? null
      const isTooOld = answer !== null && isTooOldToBelieve(answer, nowMs - this.#context.zombieAgeMs)
      outcome.add(slot, isTooOld ? slot.read.addFailure(replica, nowMs) : slot.read.addEvidence(replica, answer, nowMs))
    }
    this.#perform(outcome)
  }

  #onFailure(replica: number, slots: readonly Slot<Head>[], error: unknown): void {
    const nowMs = this.#context.runtime.clock.nowMs()
    this.#causes.add(replica, error)
    const outcome = new StepOutcome<Head>()
    for (const slot of slots) outcome.add(slot, slot.read.addFailure(replica, nowMs))
    this.#perform(outcome)
  }

  /** A version that comes too late to be answered is a version seen all the same. */
  #observeLate(slot: Slot<Head>, answer: Head): void {
    const { winner } = slot.read
    if (winner === null || answer.version > winner.version) observeVersion(this.#context, slot.key, answer.version)
  }

  /**
   * A write that is still under way may count on this copy although it was damaged since: nothing older may take its
   * place. So what claims to have been written just now is marked, until no such write can be.
   */
  #markIfUnderWay(answer: Head | CorruptRecord | null, nowMs: number): Head | CorruptRecord | null {
    if (!isCorrupt(answer) || answer.storedIdentity === undefined) return answer
    const ageMs = nowMs - versionTimeMs(answer.storedIdentity)
    const { maxClockSkewMs } = this.#context
    const isFresh = ageMs >= -maxClockSkewMs && ageMs <= this.#plan.deadlineMs + maxClockSkewMs
    return isFresh ? { ...answer, mayBeUnderWay: true } : answer
  }

  #noteCorrupt(replica: number, corrupt: CorruptRecord): void {
    this.#causes.addCorrupt(replica, corrupt.reason)
    const id = this.#context.replicas[replica]?.id ?? ''
    this.#context.events.emit({ type: 'corrupt', replica: id, key: corrupt.key, reason: corrupt.reason })
  }

  #perform(outcome: StepOutcome<Head>): void {
    for (const slot of outcome.met) this.#settleMet(slot)
    if (outcome.lost.length > 0) this.#lostInTurn.add(outcome.lost)
    for (const repair of outcome.repairs) {
      const lagging = this.#context.replicas[repair.replica]
      if (lagging !== undefined) this.#kind.repair(this.#context.repairs, lagging, repair)
    }
    if (outcome.writeBacks.size > 0) this.#writeBack(outcome.writeBacks)
  }

  #settleMet(slot: Slot<Head>): void {
    const { winner } = slot.read
    if (winner !== null) observeVersion(this.#context, slot.key, winner.version)
    this.#close(slot)
    for (const waiter of slot.waiters) waiter.resolve(winner)
  }

  #settleLost(slots: readonly Slot<Head>[]): void {
    const open = slots.filter((slot) => !slot.isSettled)
    if (open.length === 0) return
    const acked = open.reduce((least, slot) => Math.min(least, slot.read.answered), this.#plan.n)
    const needed = acked < this.#plan.r ? this.#plan.r : this.#plan.w
    const { length: keysFailed } = open
    const lost = { operation: this.#operation, needed, acked: Math.min(acked, needed - 1), keysFailed }
    const error = this.#causes.quorumError({ ...lost, outcome: 'not-applied' })
    for (const slot of open) {
      this.#close(slot)
      for (const waiter of slot.waiters) waiter.reject(error)
    }
  }

  #close(slot: Slot<Head>): void {
    if (slot.isSettled) return
    slot.isSettled = true
    this.#unsettled -= 1
    if (this.#unsettled === 0) this.#deadline.cancel()
  }

  #expire(): void {
    this.#causes.addLate(this.#plan.deadlineMs)
    this.#settleLost([...this.#slots.values()])
  }

  #writeBack(byReplica: ReadonlyMap<number, readonly PutBack<Head>[]>): void {
    const options = this.#deadline.callOptions(this.#plan.w)
    for (const [replica, putBacks] of byReplica) {
      const entries: Entry[] = putBacks.flatMap(({ slot, record }) => {
        const whole = this.#kind.whole(record)
        if (whole === null) return []
        const entry = { record: whole, mendsCorrupt: slot.read.answeredCorrupt(replica) }
        const mendsIdentity = slot.read.identityToMend(replica)
        return [mendsIdentity === undefined ? entry : { ...entry, mendsIdentity }]
      })
      const report = (result: 'holds' | 'failed') => {
        const outcome = new StepOutcome<Head>()
        for (const { slot } of putBacks) outcome.add(slot, slot.read.addWriteBack(replica, result))
        this.#perform(outcome)
      }
      const watched = this.#context.replicas[replica]
      if (watched === undefined) continue
      const fail = (error: unknown) => {
        this.#causes.add(replica, error)
        report('failed')
      }
      askReplica(watched, options, this.#causes, replica, {
        call: () => watched.putManyIfNewer(entries, options),
        onAnswer: () => report('holds'),
        // A joining replica took it, and may not be counted on by a later read.
        onUncounted: (_outcomes, whySilent) => fail(whySilent),
        onFailure: fail,
      })
    }
  }
}

function isTooOldToBelieve(answer: RecordHead | CorruptRecord, believedFromMs: number): boolean {
  return isCorrupt(answer) || versionTimeMs(answer.version) < believedFromMs
}

interface PutBack<Head extends RecordHead> {
  readonly slot: Slot<Head>
  readonly record: Head
}

/** What the votes of many keys asked for after one replica's answer, sorted by what is to be done. */
class StepOutcome<Head extends RecordHead> {
  readonly met: Slot<Head>[] = []
  readonly lost: Slot<Head>[] = []
  readonly repairs: ReadStep<Head>['repairs'][number][] = []
  readonly writeBacks = new Map<number, PutBack<Head>[]>()

  add(slot: Slot<Head>, step: ReadStep<Head>): void {
    if (step.settled === 'met') this.met.push(slot)
    else if (step.settled === 'lost') this.lost.push(slot)
    for (const repair of step.repairs) this.repairs.push(repair)
    if (step.writeBack === null || slot.isSettled) return
    for (const replica of step.writeBack.replicas) {
      const due = this.writeBacks.get(replica) ?? []
      due.push({ slot, record: step.writeBack.record })
      this.writeBacks.set(replica, due)
    }
  }
}
