import { expect, test } from 'vitest'
import { SweepLease } from '../../src/background/lease.ts'
import { Membership } from '../../src/background/membership.ts'
import { HybridClock } from '../../src/core/version.ts'
import { Events } from '../../src/events.ts'
import { SimulatedTime } from '../support/simulated-time.ts'

const minuteMs = 60_000

function openLease() {
  const time = new SimulatedTime()
  const runtime = time.runtime()
  const clock = new HybridClock('0123456789ab')
  const membership = new Membership({
    ...{
      runtime,
      clock,
      events: new Events(),
      gcGraceMs: minuteMs,
      callTimeoutMs: 1_000,
      maxClockSkewMs: 0,
      lineage: 'assumed',
    },
    quorum: () => ({ n: 0, r: 0, w: 0 }),
    onJoining: () => undefined,
  })
  const untilMs = () => membership.ledger.lease?.untilMs ?? 0
  return { time, lease: new SweepLease(membership, runtime, clock), untilMs }
}

test('a lease is renewed for as long as it is held, and no longer', async () => {
  const { time, lease, untilMs } = openLease()
  expect(await lease.acquire()).toBe(true)
  await time.advance(minuteMs)
  expect(untilMs()).toBeGreaterThan(time.nowMs)
  await lease.release()
  expect([untilMs(), time.timersPending]).toEqual([0, 0])
})

test('two sweeps of one store hold it together: the second gives it back, and then nobody renews it', async () => {
  const { time, lease, untilMs } = openLease()
  expect(await Promise.all([lease.acquire(), lease.acquire()])).toEqual([true, true])
  await lease.release()
  expect(untilMs()).toBeGreaterThan(time.nowMs)
  await lease.release()
  expect([untilMs(), time.timersPending]).toEqual([0, 0])
})
