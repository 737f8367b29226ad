import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isDead, type VersionedRecord } from '../../src/core/record.ts'
import { History, type HistoryPlan, type Operation, versionRead } from './history.ts'
import { plans } from './history-plans.ts'

const keys = [':a', ':b']
const runs = { numRuns: 150 }
const lossy = {
  options: { lineage: 'checked', hintsMax: 3, sweepEveryMs: 0, sweepKeysPerSecond: 100_000 },
  hasDamage: false,
  hasLosses: true,
} as const

const unhandled: unknown[] = []
const noteUnhandled = (reason: unknown) => unhandled.push(reason)
beforeEach(() => {
  unhandled.length = 0
  process.on('unhandledRejection', noteUnhandled)
})
afterEach(() => {
  process.off('unhandledRejection', noteUnhandled)
  expect(unhandled).toEqual([])
})

describe('while replicas lose everything, one after the other', () => {
  test('a read finds the newest write acknowledged before it began, or a newer one', async () => {
    await checkHistories(plans(lossy), async (history) => {
      for (const read of [...history.operations.filter(isRead), ...(await readAllAlone(history))]) {
        for (const write of acknowledgedBefore(history, read)) expect(knows(history, read, write)).toBe(true)
      }
    })
  })

  test('monotonic reads never go back in time', async () => {
    const monotonic = { ...lossy, options: { ...lossy.options, reads: 'monotonic' as const } }
    await checkHistories(plans(monotonic), ({ operations }) => {
      const reads = operations.filter((each) => isRead(each) && each.record !== null && !isDead(each.record, 0))
      for (const earlier of reads) {
        const later = reads.filter((read) => read.key === earlier.key && read.began > earlier.ended)
        for (const read of later) expect(versionRead(read) >= versionRead(earlier)).toBe(true)
      }
    })
  })

  test('all replicas count again and hold the same in the end', async () => {
    await checkHistories(plans(lossy), async (history) => {
      const [first] = history.stores
      if (first === undefined) return
      // The first sweep may be what finds out that a replica lost its data, and goes on without it.
      await Promise.all([first.engine.sweep(), history.time.advance(10_000)])
      const swept = first.engine.sweep()
      await history.time.advance(10_000)
      expect((await swept).isComplete).toBe(true)
      expect(first.engine.replicas.map(({ standing }) => standing)).toEqual(history.replicas.map(() => 'full'))
      for (const key of keys) {
        const held = history.replicas.map(({ store }) => wordsFor(store.peek(key), history.time.nowMs))
        expect(new Set(held).size).toBe(1)
      }
    })
  })
})

async function checkHistories(
  arbitrary: fc.Arbitrary<HistoryPlan>,
  check: (history: History) => void | Promise<void>,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(arbitrary, async (plan) => {
      const history = new History(plan)
      await history.play(plan.steps)
      await history.heal()
      await check(history)
      for (const { engine } of history.stores) void engine.close()
      await history.time.advance(10_000)
    }),
    runs,
  )
}

function isRead(operation: Operation): boolean {
  return operation.do === 'read' && operation.result === 'done'
}

function acknowledgedBefore({ operations }: History, read: Operation): Operation[] {
  return operations.filter(
    (each) => each.do !== 'read' && each.result === 'done' && each.key === read.key && each.ended < read.began,
  )
}

/** Nothing is an answer too, where what was acknowledged, or something newer, was dead by then and may have been purged. */
function knows({ puts }: History, read: Operation, write: Operation): boolean {
  if (read.record !== null) return versionRead(read) >= write.version
  return [...puts.values()].some(
    (put) => put.key === read.key && put.version >= write.version && isDead(put, read.endedAtMs + skewMaxMs),
  )
}

const skewMaxMs = 50_000

/**
 * Reads every key with nothing else going on. Where every replica is needed two reads may fail before: the first finds out
 * that a replica lost its data, the second that it is joining.
 */
async function readAllAlone(history: History): Promise<Operation[]> {
  const reads: Operation[] = []
  for (const key of keys) {
    for (const wait of [6_000, 6_000]) {
      history.begin('read', 0, key)
      await history.time.advance(wait)
    }
    const read = history.begin('read', 0, key)
    await history.time.advance(6_000)
    expect(read?.result).toBe('done')
    if (read !== null) reads.push(read)
  }
  return reads
}

/** Whether a dead record is still kept is each replica's own matter, as long as none holds what died. */
function wordsFor(record: VersionedRecord | null, nowMs: number): string {
  if (record === null || isDead(record, nowMs)) return 'nothing'
  return `${record.version} ${record.kind} ${record.payload}`
}
