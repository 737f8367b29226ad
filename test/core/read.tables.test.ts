import { describe, expect, test } from 'vitest'
import { KeyRead, type ReadPlan, type ReadStep } from '../../src/core/read.ts'
import type { CorruptRecord, VersionedRecord } from '../../src/core/record.ts'
import { cell, type DrawnRow, drawnTable } from '../support/drawn-table.ts'
import { drawnRecord, tableNowMs } from './drawn-record.ts'

/**
 * What replicas hold, what a read answers, and who is given what. Answers come in from left to right.
 *
 * `7` value of version 7, `7b` other payload, `x7` tombstone, `e7` expired, `+` still to be kept;
 * `-` holds nothing, `?` corrupt, `!` fails, `.` does not answer; `~7` is said by a joining replica.
 */
const twoOfThree = `
| A   | B   | C   | answer | repairs                          | what it shows                                        |
|-----|-----|-----|--------|----------------------------------|------------------------------------------------------|
| 7   | 7   | 7   | 7      |                                  | all agree                                            |
| 6   | 7   | 7   | 7      | A stale 7                        | the newest of r answers wins                         |
| 7   | 6   | 7   | 7      | B stale 7                        |                                                      |
| 7   | 7   | 6   | 7      | C stale 7                        | an answer that comes late is compared too            |
| 6   | 6   | 7   | 6      | A stale 7, B stale 7             | later than the answer: the next read gets it         |
| 7   | -   | 7   | 7      | B absent 7                       | a miss does not beat a hit                           |
| -   | 7   | .   | 7      | A absent 7                       | not even a fast one                                  |
| -   | -   | 7   | none   | A absent 7, B absent 7           | r misses are an answer, a late record is spread      |
| -   | -   | -   | none   |                                  |                                                      |
| 5   | 6   | 7   | 6      | A stale 6, A stale 7, B stale 7  |                                                      |
| 7   | !   | 7   | 7      |                                  | an error is no answer, and is not repaired           |
| !   | 7   | -   | 7      | C absent 7                       |                                                      |
| !   | -   | -   | none   |                                  |                                                      |
| !   | !   | .   | lost   |                                  | given up as soon as r is out of reach                |
| !   | !   | 7   | lost   |                                  |                                                      |
| 7   | !   | !   | lost   |                                  |                                                      |
| 7   | ?   | 7   | 7      | B corrupt 7                      | corrupt is a failed answer, mended from the others   |
| 7   | ?   | !   | lost   |                                  |                                                      |
| ?   | ?   | .   | lost   |                                  |                                                      |
| ?   | -   | -   | none   |                                  | nothing is known to mend it with                     |
| 7   | 7   | ?   | 7      | C corrupt 7                      | also late                                            |
| ?   | ?   | 7   | lost   |                                  | but not without a quorum: it may be all that is left |
| 6   | x7  | 7   | x7     | A stale x7, C stale x7           | at equal versions a tombstone wins                   |
| 6   | x7  | x7  | x7     | A stale x7                       | tombstones are spread over values                    |
| x6  | 7   | 7   | 7      | A stale 7                        | a later write wins over a deletion                   |
| -   | x7  | x7  | x7     |                                  | not to where nothing is held: it may be purged there |
| -   | x7+ | x7+ | x7+    | A absent x7+                     | unless it must still be kept                         |
| 6   | e7  | e7  | e7     | A stale e7                       | an expired record wins by its version                |
| -   | e7  | e7  | e7     |                                  |                                                      |
| -   | e7+ | e7+ | e7+    | A absent e7+                     |                                                      |
| 7a  | 7b  | 7a  | 7b     | A stale 7b, C stale 7b           | equal versions converge on the larger payload        |
| 7b  | 7a  | 7b  | 7b     | B stale 7b                       | whatever the order                                   |
| 7a  | 7a  | 7b  | 7a     | A stale 7b, B stale 7b           |                                                      |
`

const threeOfFive = `
| A   | B   | C   | D   | E   | answer | repairs                                  | what it shows                       |
|-----|-----|-----|-----|-----|--------|------------------------------------------|-------------------------------------|
| 7   | 7   | 7   | 7   | 7   | 7      |                                          |                                     |
| 6   | 6   | 7   | 7   | 7   | 7      | A stale 7, B stale 7                     |                                     |
| -   | -   | 7   | 6   | -   | 7      | A absent 7, B absent 7, D stale 7, E absent 7 | one of r answers is enough     |
| !   | !   | 6   | 7   | 6   | 7      | C stale 7, E stale 7                     | f = 2 failures are tolerated        |
| !   | !   | !   | 7   | 7   | lost   |                                          | three are not                       |
| !   | ?   | 7   | -   | 7   | 7      | B corrupt 7, D absent 7                  |                                     |
| 7   | 6   | !   | ?   | !   | lost   |                                          | a lost read repairs nothing         |
| 6   | !   | !   | !   | 7   | lost   | A stale 7                                | unless a later answer shows the way |
| 5   | 5   | 5   | 7   | 6   | 5      | A stale 7, B stale 7, C stale 7, E stale 7 |                                   |
| x6  | 5   | 6   | e7  | -   | x6     | B stale x6, C stale x6, A stale e7, B stale e7, C stale e7 |                   |
`

/** One replica is enough, all are needed, one is all there is. */
const otherQuorums = `
| n | r | A | B | C | answer | repairs              |
|---|---|---|---|---|--------|----------------------|
| 3 | 1 | 6 | 7 | 7 | 6      | A stale 7            |
| 3 | 1 | - | 7 | 7 | none   | A absent 7           |
| 3 | 1 | ! | ! | 7 | 7      |                      |
| 3 | 1 | ! | ! | ! | lost   |                      |
| 3 | 3 | 6 | 6 | 7 | 7      | A stale 7, B stale 7 |
| 3 | 3 | ! | 7 | 7 | lost   |                      |
| 1 | 1 | 7 | . | . | 7      |                      |
| 1 | 1 | - | . | . | none   |                      |
| 1 | 1 | ! | . | . | lost   |                      |
| 2 | 2 | 6 | 7 | . | 7      | A stale 7            |
| 2 | 2 | 7 | ! | . | lost   |                      |
`

/**
 * Monotonic reads: what is answered is put on w = 2 of 3 replicas first. \`then\` says how the puts end, in order:
 * \`B+\` B holds it, \`B!\` B failed.
 */
const writeBacks = `
| A   | B   | C   | put back  | then     | answer | repairs     | what it shows                                         |
|-----|-----|-----|-----------|----------|--------|-------------|-------------------------------------------------------|
| 7   | 7   | .   |           |          | 7      |             | w replicas hold it already: nothing is written        |
| 7   | 6   | .   | 7 on B, C | B+       | 7      |             | A and now B                                           |
| 6   | 7   | .   | 7 on A, C | C+       | 7      |             | C has not answered, and can hold it all the same      |
| 7   | -   | .   | 7 on B, C | B! C+    | 7      |             |                                                       |
| 7   | 6   | .   | 7 on B, C | B! C!    | lost   |             | never answered: a later read might not find it        |
| 7   | 6   | .   | 7 on B, C | B!       | open   |             |                                                       |
| 7   | 6   | 7   | 7 on B, C |          | 7      |             | a late answer shows a second holder                   |
| 7   | 6   | -   | 7 on B, C | B+       | 7      | C absent 7  | a late answer that does not hold it is repaired       |
| 7   | 6   | 8   | 7 on B, C |          | 7      | A stale 8, B stale 8 | holding something newer is holding it        |
| 7   | 6   | !   | 7 on B, C | B+       | 7      |             |                                                       |
| 7   | ?   | 7   |           |          | 7      | B corrupt 7 |                                                       |
| 7   | ?   | 6   | 7 on B, C | B+       | 7      |             | a corrupt copy is no holder                           |
| -   | -   | .   |           |          | none   |             | nothing to put back                                   |
| x7+ | 6   | .   | x7+ on B, C | B+     | x7+    |             | deletions are put back too                            |
| x7  | 6   | .   | x7+ on A, B, C | A+ B+ | x7+   |             | kept as long as what it hides, wherever it is held    |
| x7+ | x7  | .   | x7+ on B, C | B+     | x7+    |             | forgotten at B sooner, so B is no holder              |
| 7b  | 7a  | .   | 7b on B, C| B+       | 7b     |             | another record under the same version is no holder    |
`

/** What a joining replica says has no vote, and is evidence all the same. */
const evidence = `
| A   | B   | C   | answer | repairs                  | what it shows                                       |
|-----|-----|-----|--------|--------------------------|-----------------------------------------------------|
| 6   | ~7  | 6   | 7      | A stale 7, C stale 7     | it may win                                          |
| ~7  | 6   | 6   | 7      | B stale 7, C stale 7     | also when it comes first                            |
| 6   | 6   | ~7  | 6      | A stale 7, B stale 7     | too late to be answered, it is spread               |
| 7   | ~-  | 7   | 7      | B absent 7               | its silence means nothing, and is mended            |
| 7   | ~6  | 7   | 7      | B stale 7                |                                                     |
| 7   | 7   | ~-  | 7      | C absent 7               | also late                                           |
| ~-  | ~-  | .   | lost   |                          | it is no answer                                     |
| ~-  | ~-  | 7   | lost   | A absent 7, B absent 7   | but gets what comes later                           |
| ~7  | ~7  | 7   | lost   |                          | not even when all agree                             |
| 7   | ~7  | !   | lost   |                          |                                                     |
| -   | ~7  | -   | 7      | A absent 7, C absent 7   | it may be the only one that holds it                |
| 6   | ~x7 | 6   | x7     | A stale x7, C stale x7   | deletions too                                       |
| 7   | ~?  | 7   | 7      | B corrupt 7              | damage is mended, once a quorum has answered        |
`

/** A joining replica is no holder: what it takes or has may be gone before anybody asks it. */
const evidenceOfHolders = `
| A   | B   | C   | put back     | then  | answer | repairs     | what it shows                          |
|-----|-----|-----|--------------|-------|--------|-------------|----------------------------------------|
| ~7  | 7   | 6   | 7 on A, C    | C+    | 7      |             | B alone is not enough                  |
| ~7  | 7   | 6   | 7 on A, C    | A! C! | lost   |             |                                        |
| ~7  | 6   | 6   | 7 on A, B, C | B+    | open   |             |                                        |
| ~7  | 6   | 6   | 7 on A, B, C | B+ C+ | 7      |             | what only it had is put on the others  |
| 7   | 6   | ~7  | 7 on B, C    |       | open   |             | nor does its late answer count         |
| 7   | 6   | ~7  | 7 on B, C    | B+    | 7      |             |                                        |
| 7   | 7   | ~-  |              |       | 7      | C absent 7  |                                        |
`

describe('a read of 2 of 3', () => checkTable(twoOfThree, () => ({ n: 3, r: 2, holdersNeeded: 0 })))
describe('a read of 3 of 5', () => checkTable(threeOfFive, () => ({ n: 5, r: 3, holdersNeeded: 0 })))
describe('other quorums', () =>
  checkTable(otherQuorums, (row) => ({ n: Number(row.n), r: Number(row.r), holdersNeeded: 0 })))
describe('a read while a replica is joining', () => checkTable(evidence, () => ({ n: 3, r: 2, holdersNeeded: 0 })))
describe('a monotonic read while a replica is joining', () =>
  checkTable(evidenceOfHolders, () => ({ n: 3, r: 2, holdersNeeded: 2 })))
describe('a monotonic read', () => checkTable(writeBacks, () => ({ n: 3, r: 2, holdersNeeded: 2 })))

function checkTable(table: string, planOf: (row: DrawnRow) => ReadPlan): void {
  test.each(drawnTable(table).map((row) => [titleOf(row), row] as const))('%s', (_title, row) => {
    const seen = carryOut(planOf(row), row)
    expect({ answer: seen.answer, repairs: seen.repairs }).toEqual({
      answer: cell(row, 'answer'),
      repairs: listOf(cell(row, 'repairs')),
    })
    if (row['put back'] !== undefined) expect(seen.writeBack).toBe(row['put back'])
  })
}

function titleOf(row: DrawnRow): string {
  return Object.entries(row)
    .filter(([column]) => column !== 'what it shows')
    .map(([column, text]) => `${column}: ${text}`)
    .join('  ')
}

interface Seen {
  answer: string
  writeBack: string
  repairs: string[]
}

function carryOut(plan: ReadPlan, row: DrawnRow): Seen {
  const read = new KeyRead<VersionedRecord>(plan)
  const seen: Seen = { answer: 'open', writeBack: '', repairs: [] }
  for (let replica = 0; replica < plan.n; replica += 1) {
    const step = answerOf(read, replica, cell(row, nameOf(replica)))
    if (step !== null) note(seen, read, step)
  }
  for (const put of (row.then ?? '').split(' ').filter((text) => text !== '')) {
    note(seen, read, read.addWriteBack('ABCDE'.indexOf(put.charAt(0)), put.endsWith('+') ? 'holds' : 'failed'))
  }
  return seen
}

function answerOf(read: KeyRead<VersionedRecord>, replica: number, text: string): ReadStep<VersionedRecord> | null {
  if (text === '.') return null
  if (text === '!') return read.addFailure(replica, tableNowMs)
  if (text.startsWith('~')) return read.addEvidence(replica, heldAs(text.slice(1)), tableNowMs)
  return read.addAnswer(replica, heldAs(text), tableNowMs)
}

function heldAs(text: string): VersionedRecord | CorruptRecord | null {
  if (text === '?') return { kind: 'corrupt', key: 'k', reason: 'drawn so' }
  return text === '-' ? null : drawnRecord(text)
}

function note(seen: Seen, read: KeyRead<VersionedRecord>, step: ReadStep<VersionedRecord>): void {
  if (step.settled !== null) {
    expect(seen.answer).toBe('open')
    seen.answer = step.settled === 'lost' ? 'lost' : drawingOf(read.winner)
  }
  if (step.writeBack !== null) {
    seen.writeBack = `${drawingOf(step.writeBack.record)} on ${step.writeBack.replicas.map(nameOf).join(', ')}`
  }
  for (const { replica, held, record } of step.repairs) {
    seen.repairs.push(`${nameOf(replica)} ${held} ${drawingOf(record)}`)
  }
}

function drawingOf(record: VersionedRecord | null): string {
  if (record === null) return 'none'
  const isExpired = record.expiresAtMs !== null
  const kind = record.kind === 'tombstone' ? 'x' : isExpired ? 'e' : ''
  const isKept = kind !== '' && record.retainUntilMs > tableNowMs
  return `${kind}${Number.parseInt(record.version.slice(0, 12), 16)}${record.payload}${isKept ? '+' : ''}`
}

function nameOf(replica: number): string {
  return 'ABCDE'.charAt(replica)
}

function listOf(text: string): string[] {
  return text === '' ? [] : text.split(', ')
}
