import { expect, test } from 'vitest'
import type { RecordHead } from '../../src/core/record.ts'
import { cell, drawnTable } from '../support/drawn-table.ts'
import { checkConvergence } from './convergence.ts'

const nowMs = 1_000
const retirement = { retainedUntilMs: nowMs, diedUntilMs: -1 }

/** `7` value, `x7` tombstone, `e7` expired, `l7` about to expire, all past their retention; with `+` still to be kept; `-` nothing. */
const contents = `
| A   | B   | C   | same | what it shows                                |
|-----|-----|-----|------|----------------------------------------------|
| 7   | 7   | 7   | yes  |                                              |
| 7   | 6   | 7   | no   | an older value                               |
| 7   | -   | 7   | no   | a value is missing                           |
| x7  | x7  | x7  | yes  |                                              |
| x7  | -   | x7  | yes  | purged here, not yet there                   |
| x7  | x6  | -   | yes  | dead, all of them                            |
| x7+ | -   | x7+ | no   | still to be kept                             |
| x7  | 6   | -   | no   | a value that others have deleted             |
| x7  | 7   | x7  | no   | a value and a tombstone of the same version  |
| e7  | -   | x6  | yes  | expired is dead too                          |
| e7+ | -   | -   | no   |                                              |
| l7  | -   | l7  | no   | alive, whatever its retention says           |
| -   | 7   | -   | no   |                                              |
`

test.each(drawnTable(contents))('$A, $B, $C: $same $what it shows', (row) => {
  const replicas = ['A', 'B', 'C'].map((id) => ({ id, heads: headsOf(cell(row, id)) }))
  const violations = checkConvergence(replicas, retirement, nowMs)
  expect(violations.map(({ rule, key }) => [rule, key])).toEqual(
    cell(row, 'same') === 'yes' ? [] : [['convergence', 'k']],
  )
})

test('with checksums, payloads are compared as well', () => {
  const heads = (checksum: string) => headsOf('7').map((head) => ({ ...head, checksum }))
  const differing = [
    { id: 'A', heads: heads('1') },
    { id: 'B', heads: heads('2') },
  ]
  expect(checkConvergence(differing, retirement, nowMs)).toHaveLength(1)
})

test('the explanation says what each holds', () => {
  const replicas = ['7', '-'].map((drawn, index) => ({ id: `r${index}`, heads: headsOf(drawn) }))
  const [violation] = checkConvergence(replicas, retirement, nowMs)
  expect(violation?.explanation).toBe(`the replicas differ in k: r0 value ${'7'.padStart(28, '0')}, r1 nothing`)
})

function headsOf(drawn: string): RecordHead[] {
  const [, mark, digit, isKept] = /^([xel]?)(\d)(\+?)$/.exec(drawn) ?? []
  if (digit === undefined) return []
  const kind = mark === 'x' ? 'tombstone' : 'value'
  const expiresAtMs = mark === 'e' || mark === 'l' ? nowMs + (mark === 'e' ? -10 : 10) : null
  const retainUntilMs = isKept === '+' ? nowMs + 10 : nowMs - 1
  return [{ key: 'k', version: digit.padStart(28, '0'), kind, expiresAtMs, retainUntilMs }]
}
