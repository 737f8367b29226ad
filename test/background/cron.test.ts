import { describe, expect, test } from 'vitest'
import { CronTimes, checkCron } from '../../src/background/cron.ts'
import { SimulatedTime } from '../support/simulated-time.ts'

describe('a cron expression', () => {
  test.each(['0 3 * * *', '*/10 * * * * *', '@daily', ' 30 2 * * MON-FRI ', '0 0 3 * * * 2999'])('is %s', (text) => {
    expect(checkCron(text)).toBeNull()
  })

  test.each([
    ['', 'a cron expression has five fields'],
    ['hourly', 'a cron expression has five fields'],
    ['0 3 * *', 'a cron expression has five fields'],
    ['2030-01-01T00:00:00', 'a cron expression has five fields'],
    ['61 * * * *', 'Invalid value for minute: 61'],
    ['0 3 * * FOO', 'configuration entry'],
    ['@nope', 'invalid configuration format'],
    ['0 0 30 2 *', 'no such time ever comes'],
    ['0 0 3 * * * 2020', 'no such time ever comes'],
  ])('is not %j', (text, reason) => {
    expect(checkCron(text)).toContain(reason)
  })
})

describe('the times of a cron expression', () => {
  const at = (text: string) => Date.parse(text)

  function scene(text: string, start: string) {
    const time = new SimulatedTime(at(start))
    const runtime = time.runtime()
    const times = new CronTimes(text, runtime.clock)
    times.setNext()
    return { time, runtime, times }
  }

  test('come one after the other, each once', async () => {
    const { time, times } = scene('*/10 * * * *', '2026-11-23T10:03:00')
    expect(times.remainingMs()).toBe(7 * 60_000)
    await time.advance(7 * 60_000)
    expect(times.remainingMs()).toBe(0)
    times.setNext()
    expect(times.remainingMs()).toBe(10 * 60_000)
  })

  test('that passed during a run are left out', async () => {
    const { time, times } = scene('*/10 * * * *', '2026-11-23T10:00:00')
    await time.advance(35 * 60_000)
    expect(times.remainingMs()).toBe(0)
    times.setNext()
    expect(times.remainingMs()).toBe(5 * 60_000)
  })

  test('do not come twice when the clock was set back a little', async () => {
    const { runtime, times, time } = scene('*/10 * * * *', '2026-11-23T10:00:00')
    await time.advance(10 * 60_000)
    expect(times.remainingMs()).toBe(0)
    runtime.skewMs = -5_000
    times.setNext()
    expect(times.remainingMs()).toBe(10 * 60_000 + 5_000)
  })

  test('come again soon when the clock had been far ahead', () => {
    const { runtime, times } = scene('*/10 * * * *', '2026-11-23T10:03:00')
    runtime.skewMs = 4 * 365 * 86_400_000
    expect(times.remainingMs()).toBe(0)
    times.setNext()
    runtime.skewMs = 0
    expect(times.remainingMs()).toBe(7 * 60_000)
  })
})
