import { searchQuorum, voteOf } from './quorum.ts'
import { isDead, type RecordStamp } from './record.ts'
import { newerStamp } from './resolve.ts'
import type { Version } from './version.ts'

export interface WritePlan {
  readonly n: number
  readonly w: number
  /**
   * Whether a replica that holds something newer acknowledges the write from the first attempt on: in the second phase of
   * a linearizable write, and for the tombstones of `clear()`.
   */
  readonly supersededAcks: boolean
}

/** What a replica said to a put, as far as the vote needs it; the port's `PutOutcome` is one. */
export type PutAnswer =
  | { readonly status: 'stored'; readonly retainUntilMs: number; readonly replaced: RecordStamp | null }
  | { readonly status: 'held'; readonly retainUntilMs: number }
  | { readonly status: 'superseded'; readonly by: RecordStamp }

export type WriteStep =
  | { readonly next: 'wait' }
  | { readonly next: 'met' }
  | { readonly next: 'lost' }
  /** Newer records stand in the way: take a version later than `laterThan` and put that on all replicas. */
  | { readonly next: 'retry'; readonly laterThan: Version }
  /** An older record would outlive this one (rule D1): put the same record on all again, retained until then. */
  | { readonly next: 'extend'; readonly retainUntilMs: number }

/**
 * One key's write: counts the answers of n replicas to one attempt after the other. Answers to an earlier attempt are
 * the coordinator's to leave out. Pure: answers come in, decisions go out as data.
 *
 * The first attempt has whatever version this clock gives, which may be older than what was acknowledged long ago; so a
 * replica that holds something newer does not count, and the write is tried again with a later version. That attempt
 * may take what is newer for an acknowledgement, as in multi-writer ABD (Attiya, Bar-Noy, Dolev 1995; Lynch, Shvartsman
 * 1997), whose first phase the first attempt has been: every write acknowledged before this one began is held, or
 * something newer is, by w replicas, so at least one of any n - w + 1 that answered told of it, and the next version
 * lies above all that was told. What supersedes that version was therefore not acknowledged when this write began:
 * the two are concurrent, and this one may come first. Whoever reads afterwards meets one of the w replicas, and on it
 * this record or a newer one. Without this, many writers of one key would overtake each other attempt after attempt.
 *
 * One thing more is needed: what is newer must be kept as long as this record, or its replica would one day hold
 * neither, while an older record lives elsewhere.
 */
export class KeyWrite {
  readonly #plan: WritePlan
  #retentions: number[] = []
  #inTheWay: RecordStamp[] = []
  #failed = 0
  #newestReplaced: RecordStamp | null = null
  #appliedSomewhere = false
  #isExtending = false
  #isAboveAllAcknowledged = false
  #retainUntilMs = 0
  #settled = false

  constructor(plan: WritePlan) {
    this.#plan = plan
  }

  get acked(): number {
    return this.#retentions.length + this.#overtaken
  }

  /**
   * Replicas whose newer record counts as holding this one, where it is kept as long. It may count while a write is
   * extended too: w replicas have taken that already, so what is newer came after it.
   */
  get #overtaken(): number {
    const mayCount = this.#plan.supersededAcks || this.#isAboveAllAcknowledged || this.#isExtending
    if (this.#inTheWay.length === 0 || !mayCount) return 0
    const longestMs = this.#longestMs
    return this.#inTheWay.filter(({ retainUntilMs }) => retainUntilMs >= longestMs).length
  }

  get #longestMs(): number {
    return Math.max(this.#retainUntilMs, ...this.#retentions)
  }

  get #answered(): number {
    return this.#retentions.length + this.#inTheWay.length
  }

  /** Whether any replica is known to have taken any attempt of this write. */
  get appliedSomewhere(): boolean {
    return this.#appliedSomewhere
  }

  /** How many replicas have not answered the current attempt. */
  get unanswered(): number {
    return this.#plan.n - this.#answered - this.#failed
  }

  /** Whether the write took the place of a live value: what `delete` answers. */
  replacedLiveValue(nowMs: number): boolean {
    return this.#newestReplaced !== null && !isDead(this.#newestReplaced, nowMs)
  }

  /** @param retainUntilMs how long the record that was put is to be retained */
  addAnswer(answer: PutAnswer, retainUntilMs: number): WriteStep {
    this.#retainUntilMs = retainUntilMs
    if (answer.status === 'superseded') {
      this.#inTheWay.push(answer.by)
      return this.#advance()
    }
    this.#appliedSomewhere = true
    this.#retentions.push(answer.retainUntilMs)
    if (answer.status === 'stored') this.#newestReplaced = newerStamp(this.#newestReplaced, answer.replaced)
    return this.#advance()
  }

  addFailure(): WriteStep {
    this.#failed += 1
    return this.#advance()
  }

  /** Forgets the answers to the last attempt; what it replaced stays known. */
  beginAttempt(): void {
    this.#retentions = []
    this.#inTheWay = []
    this.#failed = 0
  }

  #advance(): WriteStep {
    if (this.#settled) return wait
    const vote = voteOf(this.#plan.n, this.#plan.w, this.acked, this.#failed)
    if (vote === 'met') return this.#meetOrExtend()
    if (vote === 'lost') {
      this.#settled = true
      return lost
    }
    const reachable = this.#plan.n - this.#failed - this.#inTheWay.length + this.#overtaken
    if (reachable >= this.#plan.w || this.#awaitsMoreAnswers()) return wait
    const inTheWay = this.#inTheWay.reduce((newest: RecordStamp | null, by) => newerStamp(newest, by), null)
    if (inTheWay === null) return wait
    // With a later version it would come over what came after it; whoever wrote that extends it too, so it counts soon.
    if (this.#isExtending) return { next: 'extend', retainUntilMs: this.#longestMs }
    this.#isAboveAllAcknowledged ||= this.#answered >= this.#answersToBeAbove
    // The next attempt takes the place of what is in the way, and of what this one left behind.
    this.#newestReplaced = newerStamp(this.#newestReplaced, inTheWay)
    return { next: 'retry', laterThan: inTheWay.version }
  }

  get #answersToBeAbove(): number {
    return searchQuorum(this.#plan.n, this.#plan.w)
  }

  /**
   * Whether the next attempt should wait until this one has told what was acknowledged. With 2w > n that takes no more
   * answers than the next attempt needs anyway.
   */
  #awaitsMoreAnswers(): boolean {
    const needed = this.#answersToBeAbove
    if (this.#isAboveAllAcknowledged || needed > this.#plan.w || this.#answered >= needed) return false
    return this.#answered + this.unanswered >= needed
  }

  #meetOrExtend(): WriteStep {
    const longest = Math.max(...this.#retentions)
    const retaining = this.#retentions.filter((retention) => retention === longest).length
    if (retaining + this.#overtaken < this.#plan.w) {
      this.#isExtending = true
      return { next: 'extend', retainUntilMs: longest }
    }
    this.#settled = true
    return met
  }
}

const wait: WriteStep = { next: 'wait' }
const met: WriteStep = { next: 'met' }
const lost: WriteStep = { next: 'lost' }
