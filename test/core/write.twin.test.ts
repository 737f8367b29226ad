import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { foreverMs, withRetention } from '../../src/core/record.ts'
import { KeyWrite, type PutAnswer, type WritePlan, type WriteStep } from '../../src/core/write.ts'
import { drawnRecord, tableNowMs } from './drawn-record.ts'
import { tuples } from './small-cases.ts'

type Reply = PutAnswer | 'fails'

const stored: Reply = { status: 'stored', retainUntilMs: 100, replaced: null }
const storedLong: Reply = { status: 'stored', retainUntilMs: 500, replaced: drawnRecord('1') }
const held: Reply = { status: 'held', retainUntilMs: 100 }
const heldLonger: Reply = { status: 'held', retainUntilMs: 900 }
const superseded: Reply = { status: 'superseded', by: drawnRecord('8') }
const supersededLater: Reply = { status: 'superseded', by: drawnRecord('9') }
/** By something that is forgotten before what was put. */
const supersededBriefly: Reply = { status: 'superseded', by: { ...drawnRecord('9'), retainUntilMs: 50 } }
const superseding = [superseded, supersededLater, supersededBriefly]
const replies: readonly Reply[] = [stored, storedLong, held, heldLonger, ...superseding, 'fails']

/** Until when what is put is to be retained. */
const putUntilMs = 100

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

describe('KeyWrite does what its dumb twin does', () => {
  test.each([1, 2, 3, 4, 5])('n = %i, every w, every answer', (n) => {
    const letters = n === 5 ? replies.filter((reply) => reply !== heldLonger && reply !== held) : replies
    for (const answers of tuples(letters, n)) {
      for (let w = 1; w <= n; w += 1) {
        for (const supersededAcks of [false, true]) agree({ n, w, supersededAcks }, [answers])
      }
    }
  })

  test('n = 3, two attempts, every answer', () => {
    for (const first of tuples(replies, 3)) {
      for (const second of tuples(replies, 3)) {
        for (const w of [1, 2, 3]) agree({ n: 3, w, supersededAcks: false }, [first, second])
      }
    }
  })

  test('larger n, many attempts', () => {
    const reply = fc.oneof(fc.constantFrom(...replies), fc.constant(stored))
    const history = fc.integer({ min: 1, max: 9 }).chain((n) =>
      fc.record({
        n: fc.constant(n),
        w: fc.integer({ min: 1, max: n }),
        supersededAcks: fc.boolean(),
        attempts: fc.array(fc.array(reply, { minLength: n, maxLength: n }), { minLength: 1, maxLength: 5 }),
      }),
    )
    fc.assert(
      fc.property(history, ({ attempts, ...plan }) => agree(plan, attempts)),
      { numRuns: 5_000 },
    )
  })
})

function agree(plan: WritePlan, attempts: readonly (readonly Reply[])[]): void {
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

describe('a write', () => {
  test('knows that it was applied somewhere, whatever became of it', () => {
    const write = new KeyWrite({ n: 3, w: 2, supersededAcks: false })
    expect(write.appliedSomewhere).toBe(false)
    write.addAnswer(superseded, putUntilMs)
    write.addFailure()
    expect(write.appliedSomewhere).toBe(false)
    write.beginAttempt()
    write.addAnswer(stored, putUntilMs)
    expect(write.appliedSomewhere).toBe(true)
    write.beginAttempt()
    expect(write.appliedSomewhere).toBe(true)
  })

  test('knows how many replicas owe an answer to the attempt under way', () => {
    const write = new KeyWrite({ n: 5, w: 3, supersededAcks: false })
    write.addAnswer(stored, putUntilMs)
    write.addFailure()
    write.addAnswer(superseded, putUntilMs)
    expect([write.unanswered, write.acked]).toEqual([2, 1])
    write.beginAttempt()
    expect([write.unanswered, write.acked]).toEqual([5, 0])
  })

  test('is only ever retained longer', () => {
    const record = drawnRecord('e7')
    expect(withRetention(record, record.retainUntilMs - 1)).toBe(record)
    expect(withRetention(record, foreverMs)).toEqual({ ...record, retainUntilMs: foreverMs })
    expect(record.retainUntilMs).toBeLessThan(tableNowMs)
  })
})
