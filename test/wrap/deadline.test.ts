import { describe, expect, test } from 'vitest'
import { wholeRange } from '../../src/core/hash.ts'
import type { RecordHead } from '../../src/core/record.ts'
import { ReplicaError } from '../../src/errors.ts'
import type { Replica } from '../../src/replica.ts'
import { withDeadline } from '../../src/wrap/deadline.ts'
import { valueAt } from '../conformance/samples.ts'
import { endOf } from '../support/end-of.ts'
import { fates, ScriptedReplica } from '../support/scripted-replica.ts'
import { SimulatedTime } from '../support/simulated-time.ts'

const scanOptions = { pageTimeoutMs: 100, pageKeysMax: 10 }

function scene() {
  const time = new SimulatedTime()
  const inner = new ScriptedReplica('A', time.timers)
  return { time, inner, replica: withDeadline(inner, time.timers) }
}

/** The replica with another way to scan. */
function scanning(scan: Replica['scan']) {
  const { time, inner } = scene()
  const odd: Replica = {
    id: inner.id,
    guarantees: inner.guarantees,
    limits: inner.limits,
    getMany: inner.getMany,
    getVersions: inner.getVersions,
    putManyIfNewer: inner.putManyIfNewer,
    purgeMany: inner.purgeMany,
    lineage: inner.lineage,
    close: inner.close,
    scan,
  }
  return { time, replica: withDeadline(odd, time.timers) }
}

describe('a call', () => {
  test('that is answered leaves no timer behind', async () => {
    const { time, inner, replica } = scene()
    inner.store.place(valueAt(7, ':k'))
    expect(await replica.getMany([':k'], { timeoutMs: 100 })).toEqual([valueAt(7, ':k')])
    expect(await replica.getVersions([':k'], { timeoutMs: 100 })).toHaveLength(1)
    expect(await replica.purgeMany([valueAt(7, ':k')], { timeoutMs: 100 })).toEqual([true])
    expect(await replica.lineage({ timeoutMs: 100 })).toBe('lineage of A')
    expect(time.timersPending).toBe(0)
  })

  test('that hangs ends at its time, and no sooner', async () => {
    const { time, inner, replica } = scene()
    inner.fate = () => fates.hung
    const end = endOf(replica.getMany([':k'], { timeoutMs: 100 }))
    await time.advance(99)
    expect(end.state).toBe('open')
    await time.advance(1)
    expect(end.error).toMatchObject({ code: 'TIMEOUT', replica: 'A', reason: 'no answer within 100 ms' })
    expect(time.timersPending).toBe(0)
  })

  test('that fails or answers after its time changes nothing any more', async () => {
    const { time, inner, replica } = scene()
    const ends = [{ back: 150 }, { back: 150, throws: new Error('too late') }].map((fate) => {
      inner.fate = () => fate
      return endOf(replica.getMany([':k'], { timeoutMs: 100 }))
    })
    await time.advance(200)
    expect(ends.map(({ error }) => (error as ReplicaError).code)).toEqual(['TIMEOUT', 'REJECTED'])
    expect(time.timersPending).toBe(0)
  })

  test.each([
    ['an error', new TypeError('undefined is not a function'), 'undefined is not a function'],
    ['anything else', 'no', 'no'],
  ])('that fails with %s rejects with a ReplicaError that holds it', async (_what, thrown, reason) => {
    const { time, inner, replica } = scene()
    inner.fate = () => ({ throws: thrown })
    const end = endOf(replica.getMany([':k'], { timeoutMs: 100 }))
    await time.settle()
    expect(end.error).toMatchObject({ code: 'REJECTED', replica: 'A', reason, cause: thrown })
    expect(time.timersPending).toBe(0)
  })

  test('that fails with a ReplicaError rejects with that one', async () => {
    const { time, inner, replica } = scene()
    const error = new ReplicaError('UNAVAILABLE', 'refused', { replica: 'A' })
    inner.fate = () => ({ throws: error })
    const end = endOf(replica.getMany([':k'], { timeoutMs: 100 }))
    await time.settle()
    expect(end.error).toBe(error)
  })

  test('that throws where it should reject, rejects', async () => {
    const { time, inner, replica } = scene()
    inner.getMany = () => {
      throw new Error('at once')
    }
    const end = endOf(replica.getMany([':k'], { timeoutMs: 100 }))
    await time.settle()
    expect(end.error).toMatchObject({ code: 'REJECTED', reason: 'at once' })
    expect(time.timersPending).toBe(0)
  })

  test('with no time left ends as soon as timers run', async () => {
    const { time, inner, replica } = scene()
    inner.fate = () => fates.hung
    const end = endOf(replica.getMany([':k'], { timeoutMs: -5 }))
    await time.advance(0)
    expect(end.error).toMatchObject({ code: 'TIMEOUT' })
  })
})

describe('a scan', () => {
  test('gives all pages and leaves no timer behind', async () => {
    const { time, inner, replica } = scene()
    for (const key of [':a', ':b', ':c']) inner.store.place(valueAt(7, key))
    inner.pageKeysMax = 2
    const pages = await pagesOf(replica.scan(wholeRange, scanOptions))
    expect(pages.map((page) => page.map(({ key }) => key))).toEqual([[':a', ':b'], [':c']])
    expect(time.timersPending).toBe(0)
  })

  test('has its time for every page anew', async () => {
    const { time, inner, replica } = scene()
    for (const key of [':a', ':b', ':c']) inner.store.place(valueAt(7, key))
    inner.pageKeysMax = 1
    inner.fate = () => ({ back: 90 })
    const end = endOf(pagesOf(replica.scan(wholeRange, scanOptions)))
    await time.advance(270)
    expect(end.state).toBe('fulfilled')
    expect(time.timersPending).toBe(0)
  })

  test('rejects when a page hangs: it never just ends', async () => {
    const { time, inner, replica } = scene()
    for (const key of [':a', ':b']) inner.store.place(valueAt(7, key))
    inner.pageKeysMax = 1
    inner.fate = () => (inner.calls.length > 1 ? fates.hung : {})
    const end = endOf(pagesOf(replica.scan(wholeRange, scanOptions)))
    await time.advance(100)
    expect(end.error).toMatchObject({ code: 'TIMEOUT' })
    expect(time.timersPending).toBe(0)
  })

  test.each<[string, Replica['scan']]>([
    ['at once', () => fail('at once')],
    ['when it is asked for its iterator', () => ({ [Symbol.asyncIterator]: () => fail('no iterator') })],
    ['at its first page', () => ({ [Symbol.asyncIterator]: () => ({ next: () => fail('no page') }) })],
  ])('that throws %s rejects with a ReplicaError and leaves no timer behind', async (_when, scan) => {
    const { time, replica } = scanning(scan)
    const end = endOf(pagesOf(replica.scan(wholeRange, scanOptions)))
    await time.settle()
    expect(end.error).toMatchObject({ code: 'REJECTED', replica: 'A' })
    expect(time.timersPending).toBe(0)
  })

  test('that is left early is told so', async () => {
    let returned = 0
    const { time, replica } = scanning(() => ({
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: [] }),
        return: async () => {
          returned += 1
          return { done: true, value: undefined }
        },
      }),
    }))
    for await (const _page of replica.scan(wholeRange, scanOptions)) break
    expect(returned).toBe(1)
    expect(time.timersPending).toBe(0)
  })

  test('that hangs, and would hang on its return too, holds nobody up', async () => {
    const { time, replica } = scanning(() => ({
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => undefined),
        return: () => new Promise(() => undefined),
      }),
    }))
    const end = endOf(pagesOf(replica.scan(wholeRange, scanOptions)))
    await time.advance(100)
    expect(end.error).toMatchObject({ code: 'TIMEOUT' })
    expect(time.timersPending).toBe(0)
  })

  test('whose return throws does not hide why it ended', async () => {
    const { time, replica } = scanning(() => ({
      [Symbol.asyncIterator]: () => ({
        next: async () => fail('the reason'),
        return: () => fail('not this'),
      }),
    }))
    const end = endOf(pagesOf(replica.scan(wholeRange, scanOptions)))
    await time.settle()
    expect(end.error).toMatchObject({ reason: 'the reason' })
  })
})

test('the replica behind keeps its name, its guarantees and its limits, and is closed', async () => {
  const { inner, replica } = scene()
  expect([replica.id, replica.guarantees, replica.limits]).toEqual([inner.id, inner.guarantees, inner.limits])
  await replica.close()
  expect(inner.isClosed).toBe(true)
})

function fail(message: string): never {
  throw new Error(message)
}

async function pagesOf(scan: AsyncIterable<readonly RecordHead[]>): Promise<(readonly RecordHead[])[]> {
  const pages: (readonly RecordHead[])[] = []
  for await (const page of scan) pages.push(page)
  return pages
}
