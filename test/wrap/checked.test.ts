import { describe, expect, test } from 'vitest'
import { wholeRange } from '../../src/core/hash.ts'
import { storedHeadOf, unreadableHead, type VersionedRecord } from '../../src/core/record.ts'
import type { Replica } from '../../src/replica.ts'
import { withChecks } from '../../src/wrap/checked.ts'
import { headOf, putsOf, valueAt } from '../conformance/samples.ts'
import { ScriptedReplica } from '../support/scripted-replica.ts'
import { SimulatedTime } from '../support/simulated-time.ts'

const record = valueAt(7, ':k')
const keys = [':k', ':j']
const timeoutMs = 100

function answering(answers: unknown): Replica {
  const inner = new ScriptedReplica('A', new SimulatedTime().timers)
  inner.fate = () => ({ garble: () => answers })
  return withChecks(inner)
}

/** What each method gives for a record. */
const given = { getMany: (each: VersionedRecord) => each, getVersions: storedHeadOf }

const senseless = [
  ['nothing', undefined],
  ['null', null],
  ['an object', {}],
  ['too few', [record]],
  ['too many', [record, null, null]],
  ['records of other keys', [null, record]],
  ['keys the other way round', [{ ...record, key: ':j' }, record]],
  ['undefined among them', [record, undefined]],
  ['false among them', [record, false]],
  ['a text among them', [record, 'record']],
  ['a record without a version', [{ ...record, version: undefined }, null]],
  ['a record with a short version', [{ ...record, version: '7' }, null]],
  ['a corrupt record of another key', [{ kind: 'corrupt', key: ':x', reason: 'torn' }, null]],
] as const

describe.each(['getMany', 'getVersions'] as const)('%s', (method) => {
  const other = given[method]({ ...record, key: ':j' })
  test.each([
    [[given[method](record), null]],
    [[null, other]],
    [[{ kind: 'corrupt', key: ':k', reason: 'torn' }, other]],
  ])('passes on %j', async (answers) => {
    expect(await answering(answers)[method](keys, { timeoutMs })).toBe(answers)
  })

  test.each(senseless)('takes %s for a failure, never for absence', async (_what, answers) => {
    await expect(answering(answers)[method](keys, { timeoutMs })).rejects.toMatchObject({
      code: 'CORRUPT',
      replica: 'A',
    })
  })
})

test('getVersions takes a head without its checksum for a failure', async () => {
  const answers = [headOf(record), null]
  await expect(answering(answers).getVersions(keys, { timeoutMs })).rejects.toMatchObject({ code: 'CORRUPT' })
})

describe('putManyIfNewer', () => {
  const put = (answers: unknown) => answering(answers).putManyIfNewer(putsOf(record), { timeoutMs })

  test.each([
    [{ status: 'stored', retainUntilMs: 0, replaced: null }],
    [{ status: 'held', retainUntilMs: 5 }],
    [{ status: 'superseded', by: record }],
  ])('passes on %j', async (outcome) => {
    expect(await put([outcome])).toEqual([outcome])
  })

  test.each([
    ['nothing', undefined],
    ['none', []],
    ['too many', [1, 2]],
    ['undefined', [undefined]],
    ['null', [null]],
    ['true', [true]],
    ['an unknown status', [{ status: 'maybe', retainUntilMs: 5 }]],
    ['stored without a retention', [{ status: 'stored', replaced: null }]],
    ['held with no number', [{ status: 'held', retainUntilMs: Number.NaN }]],
    ['superseded by nothing', [{ status: 'superseded' }]],
    ['superseded by no version', [{ status: 'superseded', by: {} }]],
  ])('takes %s for a failure, never for an acknowledgement', async (_what, answers) => {
    await expect(put(answers)).rejects.toMatchObject({ code: 'CORRUPT', replica: 'A' })
  })
})

describe('a scan', () => {
  const scan = async (page: unknown) => {
    const pages: unknown[] = []
    const options = { pageTimeoutMs: timeoutMs, pageKeysMax: 10 }
    for await (const each of answering(page).scan(wholeRange, options)) pages.push(each)
    return pages
  }

  const [entry, other] = [storedHeadOf(record), storedHeadOf({ ...record, key: ':j' })]
  test.each([[[]], [[entry]], [[entry, other]], [[entry, unreadableHead(':j')]]])(
    'passes on the page %j',
    async (page) => {
      expect(await scan(page)).toEqual([page])
    },
  )

  test.each([
    ['nothing', undefined],
    ['null among heads', [entry, null]],
    ['a head without a checksum', [headOf(record)]],
    ['a text', ':k'],
    ['a head without a version', [{ key: ':k' }]],
    ['a head without a key', [{ version: record.version }]],
  ])('takes %s for a failure, never for an end', async (_what, page) => {
    await expect(scan(page)).rejects.toMatchObject({ code: 'CORRUPT', replica: 'A' })
  })

  test('that is left early is told so', async () => {
    const inner = new ScriptedReplica('A', new SimulatedTime().timers)
    let returned = 0
    inner.scan = async function* () {
      try {
        while (true) yield []
      } finally {
        returned += 1
      }
    }
    for await (const _page of withChecks(inner).scan(wholeRange, { pageTimeoutMs: timeoutMs, pageKeysMax: 10 })) break
    expect(returned).toBe(1)
  })
})

test('purgeMany of the wrong length is a failure', async () => {
  expect(await answering([true]).purgeMany([record], { timeoutMs })).toEqual([true])
  await expect(answering([]).purgeMany([record], { timeoutMs })).rejects.toMatchObject({ code: 'CORRUPT' })
})

test('a lineage that is no text is a failure', async () => {
  expect(await answering(['an id']).lineage({ timeoutMs })).toBe('an id')
  await expect(answering([7]).lineage({ timeoutMs })).rejects.toMatchObject({ code: 'CORRUPT', replica: 'A' })
  await expect(answering([]).lineage({ timeoutMs })).rejects.toMatchObject({ code: 'CORRUPT' })
})
