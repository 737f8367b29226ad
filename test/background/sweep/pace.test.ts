import { describe, expect, test } from 'vitest'
import { Pace, type PaceOptions } from '../../../src/background/sweep/pace.ts'
import { endOf } from '../../support/end-of.ts'
import { SimulatedTime } from '../../support/simulated-time.ts'

/** How long so many steps of so many keys take, in ms of simulated time; gives up after ten minutes. */
async function duration(options: Partial<PaceOptions>, steps: number, stepKeys = 100): Promise<number> {
  const time = new SimulatedTime(0)
  const pace = new Pace(time.runtime(), { keysPerSecond: Number.POSITIVE_INFINITY, ...options })
  const end = endOf(
    (async () => {
      for (let step = 0; step < steps; step += 1) await pace.take(stepKeys)
      return time.nowMs
    })(),
  )
  while (end.state === 'open' && time.nowMs < 600_000) await time.advance(10)
  expect(pace.looked).toBe(steps * stepKeys)
  return end.value ?? Number.POSITIVE_INFINITY
}

/** 2 ms before the sweep began, and so many ms from then on. */
function latencyOf(laterMs: number | null): () => number | null {
  let isBefore = true
  return () => {
    const latencyMs = isBefore ? 2 : laterMs
    isBefore = false
    return latencyMs
  }
}

describe('the pace of a sweep', () => {
  test('is so many keys a second', async () => {
    const tookMs = await duration({ keysPerSecond: 1_000 }, 100)
    expect(tookMs).toBeGreaterThan(9_900)
    expect(tookMs).toBeLessThan(10_100)
  })

  test('is as fast as it goes without a limit', async () => {
    expect(await duration({}, 1_000)).toBe(0)
  })

  test('is kept by one large step as by many small ones', async () => {
    expect(await duration({ keysPerSecond: 1_000 }, 1, 10_000)).toBe(10_000)
  })

  test.each([
    ['as fast as before', 2],
    ['a little slower', 2.9],
    ['unknown', null],
  ])('does not change while requests are %s', async (_, laterMs) => {
    expect(await duration({ foregroundLatencyMs: latencyOf(laterMs) }, 10)).toBe(0)
  })

  test('pauses while requests are clearly slower, and goes on as soon as they are not', async () => {
    let asked = 0
    const foregroundLatencyMs = () => {
      asked += 1
      return asked > 1 && asked <= 31 ? 20 : 2
    }
    const tookMs = await duration({ foregroundLatencyMs }, 10)
    expect(tookMs).toBe(3_000)
  })

  test('is no slower than half when requests stay slow for good, so that a sweep ends', async () => {
    const tookMs = await duration({ foregroundLatencyMs: latencyOf(50), keysPerSecond: 1_000 }, 600)
    expect(tookMs).toBeGreaterThan(90_000)
    expect(tookMs).toBeLessThan(130_000)
  })
})
