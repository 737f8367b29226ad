import { expect, test } from 'vitest'
import { checkBounds } from './bounded.ts'

const samples = [
  { atMs: 10, gauges: { hints: 3, timers: 1 } },
  { atMs: 20, gauges: { hints: 9, timers: 2 } },
  { atMs: 30, gauges: { hints: 5, timers: 2 } },
]

test('what stays within its limits is right', () => {
  expect(checkBounds(samples, { hints: 9, timers: 2 })).toEqual([])
})

test('of what goes over its limit the highest is told', () => {
  const violations = checkBounds(samples, { hints: 4, timers: 2 })
  expect(violations.map(({ rule, explanation }) => [rule, explanation])).toEqual([
    ['bounded', 'hints reached 9 at 20 ms, with a limit of 4'],
  ])
})

test('a gauge that nothing limits, or a limit that nothing measures, is a mistake', () => {
  expect(() => checkBounds(samples, { hints: 9 })).toThrow(new TypeError('the gauge timers has no limit'))
  expect(() => checkBounds(samples, { hints: 9, timers: 2, calls: 1 })).toThrow(
    new TypeError('the gauge calls was never measured'),
  )
})
