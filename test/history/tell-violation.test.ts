import { expect, test } from 'vitest'
import { drawnHistory } from './drawn-history.ts'
import { checkLostWrites } from './regular.ts'
import { tellViolation } from './tell-violation.ts'

const checkedWith = { healedAt: 50, tolerances: {} }
const history = drawnHistory(`
  c0: |-set x-| |-set y-|           |-set z-|
  c1:           |-set q->           |-get y-|         |-get y-|
  c2: |-get --|           |-get y-|                             |-get x-|`)

test('a violation is drawn with no more than it takes to see it', () => {
  const [violation] = checkLostWrites(history, checkedWith.healedAt)
  if (violation === undefined) throw new Error('there is no violation')
  expect(tellViolation(history, violation, checkedWith)).toMatch(
    /^lost-write of "a": #\d get → \w, although #\d set \w was acknowledged before it began and is newer\n(\n\* #.*){3}$/,
  )
})

test('one that no checker finds is told as it is', () => {
  const violation = { rule: 'convergence', key: 'b', operations: [], explanation: 'the replicas differ' } as const
  expect(tellViolation(history, violation, checkedWith)).toBe('convergence of "b": the replicas differ')
})
