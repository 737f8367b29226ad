import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { Schedule, type ScheduleTimes } from '../../src/background/schedule.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { SimulatedTime } from '../support/simulated-time.ts'

const hourMs = 3_600_000

function scene(times: ScheduleTimes, options: { readonly seed?: number; readonly startMs?: number } = {}) {
  const time = new SimulatedTime(options.startMs)
  const startMs = time.nowMs
  /** When each run began, from the start on. */
  const runs: number[] = []
  const failures: unknown[] = []
  const signals: AbortSignal[] = []
  const job = { work: async () => {} }
  const schedule = new Schedule({
    runtime: time.runtime({ random: seededRandom(options.seed ?? 3) }),
    ...times,
    run: async (signal) => {
      runs.push(time.nowMs - startMs)
      signals.push(signal)
      await job.work()
    },
    onFailure: (error) => failures.push(error),
  })
  const pause = (ms: number) => new Promise<void>((resolve) => time.timers.after(ms, resolve))
  return { time, runs, failures, signals, job, schedule, pause }
}

function gapsOf(runs: readonly number[]): number[] {
  return runs.slice(1).map((run, index) => run - (runs[index] ?? 0))
}

describe('a schedule with an interval', () => {
  test('runs first after a part of it that differs from process to process, then every interval, give or take a tenth', async () => {
    const firsts = new Set<number>()
    for (let seed = 1; seed <= 20; seed += 1) {
      const { time, runs } = scene({ intervalMs: hourMs }, { seed })
      await time.advance(20 * hourMs)
      const gaps = gapsOf(runs)
      expect(runs[0]).toBeLessThan(hourMs)
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0.9 * hourMs)
      expect(Math.max(...gaps)).toBeLessThanOrEqual(1.1 * hourMs)
      expect(new Set(gaps.map(Math.round)).size).toBe(gaps.length)
      firsts.add(runs[0] ?? 0)
    }
    expect(firsts.size).toBe(20)
    expect(Math.max(...firsts) - Math.min(...firsts)).toBeGreaterThan(hourMs / 2)
  })

  test('never runs twice at once, and leaves a pause after a run that took longer', async () => {
    const { time, runs, job, pause } = scene({ intervalMs: hourMs })
    let underWay = 0
    let underWayMax = 0
    job.work = async () => {
      underWay += 1
      underWayMax = Math.max(underWayMax, underWay)
      await pause(2.5 * hourMs)
      underWay -= 1
    }
    await time.advance(24 * hourMs)
    expect(underWayMax).toBe(1)
    expect(Math.min(...gapsOf(runs))).toBeGreaterThanOrEqual(3.4 * hourMs)
  })

  test('counts the interval from the start of a run, not from its end', async () => {
    const { time, runs, job, pause } = scene({ intervalMs: hourMs })
    job.work = () => pause(hourMs / 2)
    await time.advance(10 * hourMs)
    expect(Math.max(...gapsOf(runs))).toBeLessThanOrEqual(1.1 * hourMs)
  })

  test('of months is waited for in pieces that a timer can hold', async () => {
    const time = new SimulatedTime()
    const delays: number[] = []
    const afterIfAlive = (delayMs: number, callback: () => void) => {
      delays.push(delayMs)
      return time.timers.afterIfAlive(delayMs, callback)
    }
    const runtime = { ...time.runtime(), timers: { ...time.timers, afterIfAlive } }
    let runs = 0
    const run = async () => {
      runs += 1
    }
    const schedule = new Schedule({ runtime, intervalMs: 100 * 24 * hourMs, run, onFailure: () => undefined })
    await time.advance(100 * 24 * hourMs)
    schedule.stop()
    expect(runs).toBe(1)
    expect(Math.max(...delays)).toBeLessThan(2 ** 31)
  })

  test('goes on after a run that threw, and tells of it', async () => {
    const { time, runs, failures, job } = scene({ intervalMs: hourMs })
    const error = new Error('no quorum')
    job.work = async () => {
      throw error
    }
    await time.advance(5 * hourMs)
    expect(runs.length).toBeGreaterThan(3)
    expect(failures).toEqual(runs.map(() => error))
  })
})

describe('a schedule with a cron expression', () => {
  test('runs at its times', async () => {
    const startMs = Date.parse('2026-11-23T10:00:00')
    const { time, runs } = scene({ cron: '30 3 * * *' }, { startMs })
    await time.advance(72 * hourMs)
    expect(runs.map((ms) => ms / hourMs)).toEqual([17.5, 41.5, 65.5])
  })

  test('that is none cannot be made', () => {
    expect(() => scene({ cron: '61 * * * *' })).toThrow('minute')
  })
})

describe('a schedule that is stopped', () => {
  test('runs no more, and leaves no timer', async () => {
    const { time, runs, schedule } = scene({ intervalMs: hourMs })
    schedule.stop()
    await time.advance(5 * hourMs)
    expect([runs, time.timersPending]).toEqual([[], 0])
  })

  test('during a run calls that off, does not wait for it, and takes its failure for no failure', async () => {
    const { time, runs, failures, signals, schedule, job } = scene({ intervalMs: hourMs })
    let fail: (error: Error) => void = () => undefined
    job.work = () =>
      new Promise((_resolve, reject) => {
        fail = reject
      })
    await time.advance(hourMs)
    expect(signals[0]?.aborted).toBe(false)
    schedule.stop()
    expect(signals[0]?.aborted).toBe(true)
    fail(new Error('aborted'))
    await time.advance(5 * hourMs)
    expect([runs.length, failures, time.timersPending]).toEqual([1, [], 0])
  })
})

test('a schedule does not keep its process alive', () => {
  const modules = ['../../src/background/schedule.ts', '../../src/runtime.ts'].map(
    (path) => new URL(path, import.meta.url),
  )
  const program = `
    const [{ Schedule }, { systemRuntime }] = await Promise.all(${JSON.stringify(modules)}.map((url) => import(url)))
    const times = { cron: '0 0 1 1 *' }
    new Schedule({ runtime: systemRuntime, ...times, run: async () => {}, onFailure: () => {} })
    console.log('at the end')`
  const { status, stdout, signal } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    timeout: 30_000,
    encoding: 'utf8',
  })
  expect([status, signal, stdout.trim()]).toEqual([0, null, 'at the end'])
})
