import { type Vote, voteOf } from './quorum.ts'
import { type CorruptRecord, isCorrupt, type RecordHead, withRetention } from './record.ts'
import { compareHeads, isStale } from './resolve.ts'

export interface ReadPlan {
  readonly n: number
  readonly r: number
  /** How many replicas must hold the winner before it is answered; 0 for plain quorum reads. */
  readonly holdersNeeded: number
}

/** What the coordinator has to do next for this key; a `settled` vote comes exactly once. */
export interface ReadStep<Head extends RecordHead> {
  readonly settled: 'met' | 'lost' | null
  /** Put this on every replica that does not hold it, and report back with `addWriteBack`. */
  readonly writeBack: WriteBack<Head> | null
  readonly repairs: readonly Repair<Head>[]
}

export interface WriteBack<Head extends RecordHead> {
  readonly record: Head
  readonly replicas: readonly number[]
}

/** A replica that answered with something older than the winner, or with something unreadable. */
export interface Repair<Head extends RecordHead> {
  readonly replica: number
  readonly record: Head
  readonly held: 'stale' | 'absent' | 'corrupt'
  /** See {@link KeyRead.identityToMend}. */
  readonly mendsIdentity?: string
}

type Answer<Head> = Head | CorruptRecord | null | undefined

/**
 * One key's read: collects the answers of n replicas, settles at r of them, keeps comparing afterwards.
 *
 * `Head` is the whole record for a get, its head for a `has`. Pure: answers come in, decisions go out as data.
 */
export class KeyRead<Head extends RecordHead> {
  readonly #plan: ReadPlan
  readonly #answers: Answer<Head>[] = []
  #answered = 0
  #failed = 0
  #newest: Head | null = null
  #newestFrom = -1
  /** The longest retention of any record that was told. */
  #longestMs = 0
  #phase: 'collecting' | 'writing-back' | 'settled' = 'collecting'
  #winner: Head | null = null
  /** By replica: whether its answer is evidence and no vote. */
  #isEvidence: boolean[] = []
  /** During the write-back, by replica: whether it holds the winner, or failed to take it. */
  #holders: ('holds' | 'failed' | undefined)[] = []

  constructor(plan: ReadPlan) {
    this.#plan = plan
  }

  /** The newest record among the first r answers; null for none. Means something once the read is met. */
  get winner(): Head | null {
    return this.#winner
  }

  /** How many replicas gave an answer that counts. */
  get answered(): number {
    return this.#answered
  }

  /** Whether a put on this replica has to mend what it could not read there. */
  answeredCorrupt(replica: number): boolean {
    return isCorrupt(this.#answers[replica] ?? null)
  }

  /**
   * What the replica is known to hold there, which may be replaced although it seems newer. Undefined before a read quorum
   * of others has answered: until then, what cannot be read may be the only copy known of an acknowledged write.
   */
  identityToMend(replica: number): string | undefined {
    const answer = this.#answers[replica] ?? null
    if (!isCorrupt(answer) || answer.mayBeUnderWay === true || this.#answered < this.#plan.r) return undefined
    return answer.storedIdentity
  }

  addAnswer(replica: number, answer: Head | CorruptRecord | null, nowMs: number): ReadStep<Head> {
    this.#answers[replica] = answer
    if (isCorrupt(answer)) this.#failed += 1
    else this.#answered += 1
    this.#noteNewest(replica, answer)
    return this.#advance(replica, nowMs)
  }

  /**
   * What a joining replica says (rules D2 and D3): its silence means nothing, so it has no vote; but a record of it that is
   * newer than what the others told may be answered, and it gets what it lacks.
   */
  addEvidence(replica: number, answer: Head | CorruptRecord | null, nowMs: number): ReadStep<Head> {
    this.#isEvidence[replica] = true
    this.#answers[replica] = answer
    this.#failed += 1
    this.#noteNewest(replica, answer)
    return this.#advance(replica, nowMs)
  }

  addFailure(replica: number, nowMs: number): ReadStep<Head> {
    this.#failed += 1
    return this.#advance(replica, nowMs)
  }

  /** `holds` also when the replica answered that it has something newer: what was read cannot be unread there. */
  addWriteBack(replica: number, result: 'holds' | 'failed'): ReadStep<Head> {
    if (this.#holders[replica] !== 'holds') this.#holders[replica] = result
    return { settled: this.#settleWriteBack(), writeBack: null, repairs: [] }
  }

  #noteNewest(replica: number, answer: Head | CorruptRecord | null): void {
    if (answer === null || isCorrupt(answer)) return
    this.#longestMs = Math.max(this.#longestMs, answer.retainUntilMs)
    if (this.#newest !== null && compareHeads(answer, this.#newest) <= 0) return
    this.#newest = answer
    this.#newestFrom = replica
  }

  #advance(replica: number, nowMs: number): ReadStep<Head> {
    if (this.#phase === 'collecting') return this.#collect(nowMs)
    if (this.#phase === 'writing-back') {
      if (this.#holdsWinner(replica)) this.#holders[replica] = 'holds'
      return { settled: this.#settleWriteBack(), writeBack: null, repairs: this.#lateRepairs(replica, nowMs) }
    }
    return step(null, this.#lateRepairs(replica, nowMs))
  }

  #collect(nowMs: number): ReadStep<Head> {
    const vote: Vote = voteOf(this.#plan.n, this.#plan.r, this.#answered, this.#failed)
    if (vote === 'pending') return nothing
    if (vote === 'lost') {
      this.#phase = 'settled'
      return step('lost', noRepairs)
    }
    this.#winner = this.#newest
    const writeBack = this.#beginWriteBack()
    if (writeBack !== null) return { settled: null, writeBack, repairs: noRepairs }
    this.#phase = 'settled'
    return step('met', this.#allRepairs(nowMs))
  }

  /** What is put back is kept as long as the older records are that it hides (rule D1); else they would be read after it. */
  #beginWriteBack(): WriteBack<Head> | null {
    if (this.#plan.holdersNeeded === 0 || this.#winner === null) return null
    const winner = withRetention(this.#winner, this.#longestMs)
    this.#winner = winner
    const replicas: number[] = []
    let holders = 0
    for (let replica = 0; replica < this.#plan.n; replica += 1) {
      if (this.#holdsWinner(replica)) {
        this.#holders[replica] = 'holds'
        holders += 1
      } else replicas.push(replica)
    }
    if (holders >= this.#plan.holdersNeeded) return null
    this.#phase = 'writing-back'
    return { record: winner, replicas }
  }

  #settleWriteBack(): 'met' | 'lost' | null {
    if (this.#phase !== 'writing-back') return null
    const holders = this.#holders.filter((state) => state === 'holds').length
    const failed = this.#holders.filter((state) => state === 'failed').length
    const vote = voteOf(this.#plan.n, this.#plan.holdersNeeded, holders, failed)
    if (vote === 'pending') return null
    this.#phase = 'settled'
    return vote
  }

  #holdsWinner(replica: number): boolean {
    const answer = this.#answers[replica]
    if (
      this.#isEvidence[replica] === true ||
      answer === undefined ||
      answer === null ||
      isCorrupt(answer) ||
      this.#winner === null
    )
      return false
    const order = compareHeads(answer, this.#winner)
    return order > 0 || (order === 0 && answer.retainUntilMs >= this.#winner.retainUntilMs)
  }

  #allRepairs(nowMs: number): readonly Repair<Head>[] {
    const newest = this.#newest
    if (newest === null) return noRepairs
    let repairs: Repair<Head>[] | null = null
    for (let replica = 0; replica < this.#answers.length; replica += 1) {
      const held = this.#staleness(replica, newest, nowMs)
      if (held === null) continue
      repairs ??= []
      repairs.push(this.#repairOf(replica, newest, held))
    }
    return repairs ?? noRepairs
  }

  /** A late answer is older than the newest, so its replica is due; or newer, so all the others are. */
  #lateRepairs(replica: number, nowMs: number): readonly Repair<Head>[] {
    const newest = this.#newest
    if (newest === null || this.#answers[replica] === undefined) return noRepairs
    if (this.#newestFrom === replica) return this.#allRepairs(nowMs)
    const held = this.#staleness(replica, newest, nowMs)
    return held === null ? noRepairs : [this.#repairOf(replica, newest, held)]
  }

  /**
   * What the replica needs a repair for. A copy of which not even the head can be read is left alone until a read quorum of
   * others has answered: it may be all that is left of an acknowledged write, and whatever is put there replaces it.
   */
  #staleness(replica: number, newest: Head, nowMs: number): Repair<Head>['held'] | null {
    const answer = this.#answers[replica]
    if (answer === undefined) return null
    if (isCorrupt(answer))
      return this.#answered >= this.#plan.r || answer.storedIdentity !== undefined ? 'corrupt' : null
    if (!isStale(answer, newest, nowMs)) return null
    return answer === null ? 'absent' : 'stale'
  }

  #repairOf(replica: number, record: Head, held: Repair<Head>['held']): Repair<Head> {
    const mendsIdentity = this.identityToMend(replica)
    return mendsIdentity === undefined ? { replica, record, held } : { replica, record, held, mendsIdentity }
  }
}

const noRepairs: readonly never[] = []
const nothing: ReadStep<never> = { settled: null, writeBack: null, repairs: noRepairs }
const met: ReadStep<never> = { settled: 'met', writeBack: null, repairs: noRepairs }

function step<Head extends RecordHead>(
  settled: 'met' | 'lost' | null,
  repairs: readonly Repair<Head>[],
): ReadStep<Head> {
  if (repairs.length === 0 && settled !== 'lost') return settled === null ? nothing : met
  return { settled, writeBack: null, repairs }
}
