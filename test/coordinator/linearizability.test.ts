import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { QuorumError } from '../../src/errors.ts'
import { History, type Operation } from './history.ts'
import { plans } from './history-plans.ts'
import { isLinearizable, type RegisterOperation } from './linearizability.ts'

const write = (value: string | null, began: number, ended: number): RegisterOperation => ({
  do: 'write',
  value,
  began,
  ended,
})
const read = (value: string | null, began: number, ended: number): RegisterOperation => ({
  do: 'read',
  value,
  began,
  ended,
})
const never = Number.POSITIVE_INFINITY

describe('the checker', () => {
  test.each([
    ['a read of nothing', [read(null, 1, 2)], true],
    ['a read of what was written', [write('a', 1, 2), read('a', 3, 4)], true],
    ['a read that misses it', [write('a', 1, 2), read(null, 3, 4)], false],
    ['a read beside the write, either way', [write('a', 1, 4), read(null, 2, 3)], true],
    ['a read beside the write, the other way', [write('a', 1, 4), read('a', 2, 3)], true],
    ['two reads beside the write that go back', [write('a', 1, 6), read('a', 2, 3), read(null, 4, 5)], false],
    ['a lost write', [write('a', 1, 2), write('b', 3, 4), read('a', 5, 6)], false],
    ['writes beside each other', [write('a', 1, 4), write('b', 2, 3), read('a', 5, 6)], true],
    ['readers that disagree', [write('a', 1, 3), write('b', 2, 4), read('a', 5, 6), read('b', 7, 8)], false],
    ['a write without an end that is seen late', [write('a', 1, never), read(null, 2, 3), read('a', 4, 5)], true],
    ['a write without an end that is never seen', [write('a', 1, never), read(null, 2, 3)], true],
    ['a write without an end that is seen and gone', [write('a', 1, never), read('a', 2, 3), read(null, 4, 5)], false],
    ['a deletion', [write('a', 1, 2), write(null, 3, 4), read(null, 5, 6)], true],
  ])('judges %s', (_what, operations, expected) => {
    expect(isLinearizable(operations)).toBe(expected)
  })
})

test('operations on one key of a linearizable store are linearizable, whatever happens to replicas and clocks', async () => {
  const options = { consistency: 'linearizable' } as const
  await fc.assert(
    fc.asyncProperty(plans({ options, hasTtl: false, stepsMax: 30 }), async (plan) => {
      const history = new History(plan)
      await history.play(plan.steps)
      await history.heal()
      for (const key of [':a', ':b']) {
        const operations = history.operations.filter((each) => each.key === key).flatMap(registerOperation)
        if (!isLinearizable(operations)) expect(operations).toBe('linearizable')
      }
    }),
    { numRuns: 1_000 },
  )
})

function registerOperation(operation: Operation): RegisterOperation[] {
  const { began, ended, payload, record, result, error } = operation
  if (operation.do === 'read') {
    const value = record === null || record.kind === 'tombstone' ? null : record.payload
    return result === 'done' ? [read(value, began, ended)] : []
  }
  if (result === 'done') return [write(payload, began, ended)]
  const isNotApplied = error instanceof QuorumError && error.outcome === 'not-applied'
  return isNotApplied ? [] : [write(payload, began, never)]
}
