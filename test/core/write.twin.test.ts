import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { foreverMs, withRetention } from '../../src/core/record.ts'
import { KeyWrite } from '../../src/core/write.ts'
import {
  agree,
  agreeOnOneAttempt,
  agreeOnTwoAttempts,
  putUntilMs,
  replies,
  stored,
  superseded,
} from './agree-with-write-twin.ts'
import { drawnRecord, tableNowMs } from './drawn-record.ts'

describe('KeyWrite does what its dumb twin does', () => {
  test.each([1, 2, 3, 4])('n = %i, every w, every answer', (n) => agreeOnOneAttempt(n, replies))

  test.each([1, 2])('n = %i, two attempts, every answer', agreeOnTwoAttempts)

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
