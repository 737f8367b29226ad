import assert from 'node:assert/strict'
import type { VersionedRecord } from '../../src/core/record.ts'
import type { ReadAnswer } from '../../src/replica.ts'
import type { RacedPut } from './race-plan.ts'

/**
 * What must be true of any number of puts with different versions, if each was one atomic step. Per key: the newest put
 * is held; `superseded` names a newer version that was stored; the stored puts form one chain, in which each replaced
 * an older one, no two the same one, and the first nothing; each keeps the longer retention of the two.
 */
export function expectAtomicPuts(puts: readonly RacedPut[], held: ReadonlyMap<string, ReadAnswer>): void {
  for (const [key, putsOfKey] of Map.groupBy(puts, ({ record }) => record.key)) {
    const byVersion = new Map(putsOfKey.map((put) => [put.record.version, put]))
    for (const put of putsOfKey) expectConsistentAnswer(put, byVersion)
    expectOneChain(key, putsOfKey)
    expectNewestHeld(putsOfKey, held.get(key) ?? null)
  }
}

function expectConsistentAnswer({ record, outcome }: RacedPut, byVersion: ReadonlyMap<string, RacedPut>): void {
  const put = `the put of ${record.version}`
  assert.notEqual(outcome.status, 'held', `${put} was answered as held, and was made once`)
  if (outcome.status === 'superseded') {
    assert.ok(outcome.by.version > record.version, `${put} was superseded by the older ${outcome.by.version}`)
    assert.equal(byVersion.get(outcome.by.version)?.outcome.status, 'stored', `${put} was superseded by nothing stored`)
  }
  if (outcome.status !== 'stored') return
  const { replaced } = outcome
  assert.ok(replaced === null || replaced.version < record.version, `${put} replaced the newer ${replaced?.version}`)
  const retainUntilMs = Math.max(record.retainUntilMs, replaced?.retainUntilMs ?? 0)
  assert.equal(outcome.retainUntilMs, retainUntilMs, `${put} does not keep the longer retention`)
  if (replaced === null) return
  const before = byVersion.get(replaced.version)
  assert.equal(before?.outcome.status, 'stored', `${put} replaced what was never stored`)
  assert.equal(replaced.kind, before.record.kind)
}

function expectOneChain(key: string, puts: readonly RacedPut[]): void {
  const replacedBy = new Map<string, string>()
  for (const { record, outcome } of puts) {
    if (outcome.status !== 'stored') continue
    const replaced = outcome.replaced?.version ?? 'nothing'
    const other = replacedBy.get(replaced)
    assert.equal(other, undefined, `of ${key}, both ${other} and ${record.version} replaced ${replaced}`)
    replacedBy.set(replaced, record.version)
  }
}

function expectNewestHeld(puts: readonly RacedPut[], held: ReadAnswer): void {
  const newest = puts.reduce((a, b) => (b.record.version > a.record.version ? b : a))
  const retained = puts.filter(({ outcome }) => outcome.status === 'stored').map(({ record }) => record.retainUntilMs)
  const expected: VersionedRecord = { ...newest.record, retainUntilMs: Math.max(...retained) }
  assert.deepEqual(held, expected, 'the newest record is held, with the longest retention of all that were stored')
}
