import { expect, test } from 'vitest'
import { drawnHistory } from './drawn-history.ts'
import type { History } from './history.ts'
import { checkMonotonicReads } from './monotonic.ts'
import { checkRegular } from './regular.ts'
import { renderViolation } from './render.ts'
import { shrinkHistory } from './shrink.ts'

const stepBack = drawnHistory(`
  c0: |-set x til 900-| |------------set y----------------> |-set q-!
  c1:                     |-get y-| |-get x-|                          |-clear-?
  c2: |-get --|             |-set z->       |-delete-?`)

test('a violation is drawn with all that happened to its key', () => {
  expect(draw(stepBack, checkMonotonicReads)).toBe(`
monotonic of "a": each of these found or left a record no older than the one before it, round in a circle: #0 set x; \
#3 get → y, which began after #0 had ended; #5 get → x, which began after #3 had ended; #0 set x, which #5 found

* #0  c0  set x until 900 ms   0 ms to 16 ms  |---|
  #1  c2  get → nothing         0 ms to 8 ms  |-|
  #2  c0  set y               18 ms to never        |--------------------->
* #3  c1  get → y             20 ms to 28 ms          |---|
  #4  c2  set z               22 ms to never            |----------------->
* #5  c1  get → x             30 ms to 38 ms                |-|
  #6  c2  delete              38 ms to 47 ms                  |-?
  #7  c0  set q               54 ms to 62 ms                      |-!
  #8  c1  clear               65 ms to 73 ms                          |-?`)
})

test('what the violation does not need is dropped', () => {
  const [violation] = checkMonotonicReads(stepBack)
  if (violation === undefined) throw new Error('there is no violation')
  const { operations } = shrinkHistory(stepBack, violation, checkMonotonicReads)
  expect(operations.map(({ index }) => index)).toEqual([0, 2, 3, 5])
})

test('a delete is not dropped while it explains that nothing was found', () => {
  const history = drawnHistory(`
    c0: |-set x-| |-delete-|           |-set y-| |-set z-|
    c1:                      |-get --|                     |-get y-|`)
  const [violation] = checkRegular(history)
  if (violation === undefined) throw new Error('there is no violation')
  const { operations } = shrinkHistory(history, violation, checkRegular)
  expect(operations.map(({ index }) => index)).toEqual([3, 4, 5])
})

test('nor is it dropped when that would make another violation in place of the one that is there', () => {
  const history = drawnHistory(`
    c0: |-set y-| |-set z-|    |-set x-| |-get --| |-get --|
    c1:                     |-get y-|              |-get --|
    c2:                       |-----delete----|`)
  const [violation] = checkRegular(history)
  if (violation === undefined) throw new Error('there is no violation')
  const { operations } = shrinkHistory(history, violation, checkRegular)
  expect(operations.map(({ index }) => index)).toEqual([0, 1, 2])
})

test('a violation that is about no operation is a sentence', () => {
  const violation = { rule: 'bounded', key: '', operations: [], explanation: 'hints reached 3' } as const
  expect(renderViolation(stepBack, violation)).toBe('bounded: hints reached 3')
})

function draw(history: History, check: typeof checkMonotonicReads): string {
  const [violation] = check(history)
  return violation === undefined ? 'nothing' : `\n${renderViolation(history, violation)}`
}
