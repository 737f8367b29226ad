import { voteOf } from './quorum.ts'
import { isDead, type RecordStamp, type VersionedRecord } from './record.ts'
import { newerStamp } from './resolve.ts'
import type { Version } from './version.ts'

export interface WritePlan {
  readonly n: number
  readonly w: number
  /**
   * Whether a replica that holds something newer acknowledges the write: in the second phase of a linearizable write
   * (multi-writer ABD: Attiya, Bar-Noy, Dolev 1995; Lynch, Shvartsman 1997) and for the tombstones of `clear()`.
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
 */
export class KeyWrite {
  readonly #plan: WritePlan
  #retentions: number[] = []
  #supersededCount = 0
  #failed = 0
  #newestInTheWay: RecordStamp | null = null
  #newestReplaced: RecordStamp | null = null
  #appliedSomewhere = false
  #isExtending = false
  #settled = false

  constructor(plan: WritePlan) {
    this.#plan = plan
  }

  get acked(): number {
    return this.#retentions.length + this.#overtaken
  }

  /**
   * Replicas whose newer record counts as holding this one. While a write is extended they do: w replicas have taken it
   * already, so what is newer came after it.
   */
  get #overtaken(): number {
    return this.#plan.supersededAcks || this.#isExtending ? this.#supersededCount : 0
  }

  /** Whether any replica is known to have taken any attempt of this write. */
  get appliedSomewhere(): boolean {
    return this.#appliedSomewhere
  }

  /** How many replicas have not answered the current attempt. */
  get unanswered(): number {
    return this.#plan.n - this.#retentions.length - this.#supersededCount - this.#failed
  }

  /** Whether the write took the place of a live value: what `delete` answers. */
  replacedLiveValue(nowMs: number): boolean {
    return this.#newestReplaced !== null && !isDead(this.#newestReplaced, nowMs)
  }

  addAnswer(answer: PutAnswer): WriteStep {
    if (answer.status === 'superseded') {
      this.#supersededCount += 1
      this.#newestInTheWay = newerStamp(this.#newestInTheWay, answer.by)
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
    this.#supersededCount = 0
    this.#failed = 0
    this.#newestInTheWay = null
  }

  #advance(): WriteStep {
    if (this.#settled) return wait
    const vote = voteOf(this.#plan.n, this.#plan.w, this.acked, this.#failed)
    if (vote === 'met') return this.#meetOrExtend()
    if (vote === 'lost') {
      this.#settled = true
      return lost
    }
    const inTheWay = this.#newestInTheWay
    const reachable = this.#plan.n - this.#failed - this.#supersededCount + this.#overtaken
    if (inTheWay === null || reachable >= this.#plan.w) return wait
    // The next attempt takes the place of what is in the way, and of what this one left behind.
    this.#newestReplaced = newerStamp(this.#newestReplaced, inTheWay)
    return { next: 'retry', laterThan: inTheWay.version }
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

/** The same record, kept at least as long. */
export function withRetention(record: VersionedRecord, retainUntilMs: number): VersionedRecord {
  return retainUntilMs > record.retainUntilMs ? { ...record, retainUntilMs } : record
}

const wait: WriteStep = { next: 'wait' }
const met: WriteStep = { next: 'met' }
const lost: WriteStep = { next: 'lost' }
