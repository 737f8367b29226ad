import { expect } from 'vitest'
import { KeyWrite, type PutAnswer, type WritePlan, type WriteStep } from '../../src/core/write.ts'
import { drawnRecord } from './drawn-record.ts'
import { tuples } from './small-cases.ts'

export type Reply = PutAnswer | 'fails'

export const stored: PutAnswer = { status: 'stored', retainUntilMs: 100, replaced: null }
const storedLong: Reply = { status: 'stored', retainUntilMs: 500, replaced: drawnRecord('1') }
export const held: Reply = { status: 'held', retainUntilMs: 100 }
export const heldLonger: Reply = { status: 'held', retainUntilMs: 900 }
export const superseded: PutAnswer = { status: 'superseded', by: drawnRecord('8') }
const supersededLater: Reply = { status: 'superseded', by: drawnRecord('9') }
/** By something that is forgotten before what was put. */
const supersededBriefly: Reply = { status: 'superseded', by: { ...drawnRecord('9'), retainUntilMs: 50 } }
const superseding = [superseded, supersededLater, supersededBriefly]
export const replies: readonly Reply[] = [stored, storedLong, held, heldLonger, ...superseding, 'fails']

/** Until when what is put is to be retained. */
export const putUntilMs = 100

/** What earlier attempts left behind. */
interface Before {
  /** w replicas have taken the record once. */
  readonly wasMet: boolean
  /** So many replicas answered an earlier attempt that this one's version is above all that was acknowledged. */
  readonly isAbove: boolean
}

function counts(reply: Reply, plan: WritePlan, before: Before, longestMs: number): boolean {
  if (reply === 'fails') return false
  if (reply.status !== 'superseded') return true
  const mayCount = plan.supersededAcks || before.wasMet || before.isAbove
  return mayCount && reply.by.retainUntilMs >= longestMs
}

/**
 * The dumb twin of one attempt: looks at all answers so far, and at every way in which those still to come could turn
 * out, and says what is decided.
 */
function twinStep(plan: WritePlan, answers: readonly Reply[], before: Before): WriteStep {
  const { n, w } = plan
  const retentions = answers.flatMap((reply) =>
    reply !== 'fails' && 'retainUntilMs' in reply ? reply.retainUntilMs : [],
  )
  const longestMs = Math.max(putUntilMs, ...retentions)
  const acked = answers.filter((reply) => counts(reply, plan, before, longestMs))
  const inTheWay = answers.flatMap((reply) =>
    reply !== 'fails' && reply.status === 'superseded' ? [reply.by.version] : [],
  )
  const failures = answers.filter((reply) => reply === 'fails').length
  const unanswered = n - answers.length
  if (acked.length >= w) return metOrExtended(w, acked)
  if (unanswered + acked.length >= w) return { next: 'wait' }
  if (n - failures < w) return { next: 'lost' }
  const missing = n - w + 1 - (answers.length - failures)
  if (!before.isAbove && n - w + 1 <= w && missing > 0 && missing <= unanswered) return { next: 'wait' }
  if (before.wasMet) return { next: 'extend', retainUntilMs: longestMs }
  return { next: 'retry', laterThan: inTheWay.sort().at(-1) ?? '' }
}

/** Acknowledged only once w replicas will keep it as long as any of them says. A replica with something newer will. */
function metOrExtended(w: number, acked: readonly Reply[]): WriteStep {
  const retentions = acked.flatMap((reply) =>
    reply !== 'fails' && 'retainUntilMs' in reply ? reply.retainUntilMs : [],
  )
  const longest = [...retentions].sort((a, b) => b - a)[0] ?? 0
  const enough = acked.length - retentions.length + retentions.filter((retention) => retention === longest).length
  return enough >= w ? { next: 'met' } : { next: 'extend', retainUntilMs: longest }
}

/** Every w, every list of these answers, in one attempt. */
export function agreeOnOneAttempt(n: number, letters: readonly Reply[]): void {
  for (const answers of tuples(letters, n)) {
    for (let w = 1; w <= n; w += 1) {
      for (const supersededAcks of [false, true]) agree({ n, w, supersededAcks }, [answers])
    }
  }
}

/** Every w, every list of answers in each of two attempts. */
export function agreeOnTwoAttempts(n: number): void {
  for (const first of tuples(replies, n)) {
    for (const second of tuples(replies, n)) {
      for (let w = 1; w <= n; w += 1) agree({ n, w, supersededAcks: false }, [first, second])
    }
  }
}

/** Feeds a write and its dumb twin, answer by answer, and fails where they differ. */
export function agree(plan: WritePlan, attempts: readonly (readonly Reply[])[]): void {
  const write = new KeyWrite(plan)
  let before: Before = { wasMet: false, isAbove: false }
  for (const answers of attempts) {
    const { step, given } = attempt(write, plan, answers, before)
    if (step.next !== 'retry' && step.next !== 'extend') return
    const answered = given.filter((reply) => reply !== 'fails').length
    before = {
      wasMet: before.wasMet || step.next === 'extend',
      isAbove: before.isAbove || (step.next === 'retry' && answered > plan.n - plan.w),
    }
    write.beginAttempt()
  }
}

/** Answers of one attempt, until it is decided. What comes after it is settled changes nothing any more. */
function attempt(
  write: KeyWrite,
  plan: WritePlan,
  answers: readonly Reply[],
  before: Before,
): { step: WriteStep; given: readonly Reply[] } {
  for (const [index, reply] of answers.entries()) {
    const step = feed(write, reply)
    const given = answers.slice(0, index + 1)
    const twin = twinStep(plan, given, before)
    if (!isSame(step, twin)) expect({ plan, answers, index, step }).toEqual({ plan, answers, index, step: twin })
    if (step.next === 'met' || step.next === 'lost') checkSettled(write, answers.slice(index + 1))
    if (step.next !== 'wait') return { step, given }
  }
  return { step: { next: 'wait' }, given: answers }
}

function checkSettled(write: KeyWrite, late: readonly Reply[]): void {
  for (const reply of late) {
    const after = feed(write, reply)
    if (after.next !== 'wait') expect(after).toEqual({ next: 'wait' })
  }
}

function feed(write: KeyWrite, reply: Reply): WriteStep {
  return reply === 'fails' ? write.addFailure() : write.addAnswer(reply, putUntilMs)
}

function isSame(a: WriteStep, b: WriteStep): boolean {
  if (a.next === 'retry') return b.next === 'retry' && a.laterThan === b.laterThan
  if (a.next === 'extend') return b.next === 'extend' && a.retainUntilMs === b.retainUntilMs
  return a.next === b.next
}
