import { expect, test } from 'vitest'
import { Latency } from '../../src/coordinator/latency.ts'

test('nothing is known before the first operation, nor a second after the last', () => {
  const latency = new Latency()
  expect(latency.recentMs(0)).toBeNull()
  latency.note(4, 100)
  expect(latency.recentMs(1_100)).toBe(4)
  expect(latency.recentMs(1_101)).toBeNull()
})

test('the newest operations weigh most, and what is known no longer weighs nothing', () => {
  const latency = new Latency()
  latency.note(10, 0)
  for (let at = 1; at <= 50; at += 1) latency.note(20, at)
  expect(latency.recentMs(50)).toBeCloseTo(20, 0)
  latency.note(3, 5_000)
  expect(latency.recentMs(5_000)).toBe(3)
})

test('a mean of operations gives the newest a tenth of the weight', () => {
  const latency = new Latency()
  latency.note(10, 100)
  latency.note(20, 1_100)
  expect(latency.recentMs(1_100)).toBeCloseTo(11)
  latency.note(0, 1_100)
  expect(latency.recentMs(1_100)).toBeCloseTo(9.9)
})
