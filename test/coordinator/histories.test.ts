import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isDead, type VersionedRecord } from '../../src/core/record.ts'
import { compareRecords, isStale } from '../../src/core/resolve.ts'
import { QuorumError } from '../../src/errors.ts'
import { History, type HistoryPlan, type Operation, versionRead } from './history.ts'
import { deadlineMs, plans } from './history-plans.ts'

const keys = [':a', ':b']
const runs = { numRuns: Number(process.env.HISTORIES ?? 500) }

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

describe('whatever happens to replicas and clocks', () => {
  test('a read finds the newest write acknowledged before it began, or a newer one', async () => {
    await checkHistories(plans(), ({ operations }) => {
      for (const [write, read] of inOrder(acknowledged(operations), done(operations, 'read'))) {
        expect(versionRead(read) >= write.version).toBe(true)
      }
    })
  })

  test('an acknowledged write is there, or a newer one, when all is well again', async () => {
    await checkHistories(plans(), async (history) => {
      const reads = await readAllAlone(history)
      for (const [write, read] of inOrder(acknowledged(history.operations), reads)) {
        expect(versionRead(read) >= write.version).toBe(true)
      }
    })
  })

  test('what is read is what was written under that version', async () => {
    await checkHistories(plans(), ({ operations, puts }) => {
      for (const { record } of done(operations, 'read')) {
        const put = record === null ? null : puts.get(record.version)
        expect([put?.key, put?.kind, put?.payload]).toEqual([record?.key, record?.kind, record?.payload])
      }
    })
  })

  test('monotonic reads never go back in time, for all clients together', async () => {
    await checkHistories(plans({ options: { reads: 'monotonic' } }), ({ operations }) => {
      const reads = done(operations, 'read')
      for (const [earlier, later] of inOrder(reads, reads)) {
        expect(versionRead(later) >= versionRead(earlier)).toBe(true)
      }
    })
  })

  test.each([{}, { reads: 'monotonic' as const }, { consistency: 'linearizable' as const }])(
    'nothing takes longer than the deadline, and nothing is left behind, with %o',
    async (options) => {
      await checkHistories(plans({ options }), async ({ operations, time, replicas, stores }) => {
        for (const operation of operations) {
          expect(operation.result).not.toBe('open')
          expect(operation.endedAtMs - operation.beganAtMs).toBeLessThanOrEqual(deadlineMs)
        }
        for (const replica of replicas) expect(replica.callsUnderWay).toBe(replica.callsHung)
        for (const { engine } of stores) await engine.repairsDone()
        expect(time.timersPending).toBe(0)
      })
    },
  )

  test('a failure is a QuorumError, and one that says that nothing was written is right', async () => {
    await checkHistories(plans(), ({ operations, replicas }) => {
      const held = replicas.flatMap(({ store }) => store.keys.map((key) => store.peek(key)?.payload))
      for (const { error, payload } of operations.filter(({ result }) => result === 'failed')) {
        expect(error).toBeInstanceOf(QuorumError)
        if (payload !== null && (error as QuorumError).outcome === 'not-applied') expect(held).not.toContain(payload)
      }
    })
  })

  test('a read makes the replicas agree once they are well', async () => {
    await checkHistories(plans(), async (history) => {
      await readAllAlone(history)
      // The second read finds what came in late for the first one.
      for (const { record, key } of await readAllAlone(history)) {
        if (record !== null) checkAgreement(history, key, record)
      }
    })
  })

  test('clear() leaves nothing alive of what was acknowledged before, and spares what is written after', async () => {
    const kinds = ['set', 'set', 'delete', 'read', 'clear'] as const
    await checkHistories(plans({ kinds, hasSkew: false }), async (history) => {
      const reads = await readAllAlone(history)
      for (const [write, read] of inOrder(acknowledged(history.operations), reads)) {
        const clears = done(history.operations, 'clear')
        const wasCleared = clears.some(({ began }) => began > write.ended)
        if (wasCleared) expect(isLiveAs(read, write.version, history.time.nowMs)).toBe(false)
        else if (clears.every((clear) => isSince(clear, write))) expect(versionRead(read) >= write.version).toBe(true)
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
    }),
    runs,
  )
}

function acknowledged(operations: readonly Operation[]): Operation[] {
  return operations.filter((each) => (each.do === 'set' || each.do === 'delete') && each.result === 'done')
}

function done(operations: readonly Operation[], kind: Operation['do']): Operation[] {
  return operations.filter((each) => each.do === kind && each.result === 'done')
}

/** All pairs for one key of which the first ended before the second began. */
function inOrder(first: readonly Operation[], second: readonly Operation[]): [Operation, Operation][] {
  return first.flatMap((one) =>
    second
      .filter((other) => other.key === one.key && other.began > one.ended)
      .map((other): [Operation, Operation] => [one, other]),
  )
}

/**
 * Reads every key with nothing else going on; by then every failure detector has had time for a probe. A key of which
 * copies were damaged may be past reading, and then the read fails; it is left out.
 */
async function readAllAlone(history: History): Promise<Operation[]> {
  const reads: Operation[] = []
  for (const key of keys) {
    let read = history.begin('read', 0, key)
    await history.time.advance(6_000)
    if (read?.result === 'failed') read = history.begin('read', 0, key)
    await history.time.advance(6_000)
    const isDamaged = history.replicas.some(({ store }) => store.isDamaged(key))
    expect([read?.result, isDamaged]).not.toEqual(['failed', false])
    if (read?.result === 'done') reads.push(read)
  }
  return reads
}

function checkAgreement({ replicas, time }: History, key: string, newest: VersionedRecord): void {
  for (const { store } of replicas) {
    const held = store.peek(key)
    expect([store.isDamaged(key), isStale(held, newest, time.nowMs)]).toEqual([false, false])
    if (held !== null) expect(compareRecords(held, newest)).toBe(0)
  }
}

/** Another client's write must have begun after the clear had ended: before that, its clock need not agree. */
function isSince(clear: Operation, write: Operation): boolean {
  return write.client === clear.client ? write.began > clear.began : write.began > clear.ended
}

function isLiveAs({ record }: Operation, version: string, nowMs: number): boolean {
  return record !== null && record.version === version && !isDead(record, nowMs)
}
