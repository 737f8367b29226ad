import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type DecisionRules,
  decideKey,
  type KeyDecision,
  type MemberAnswer,
  verdictOf,
} from '../../../src/background/sweep/decide-key.ts'
import { foreverMs, isCorrupt, type RecordHead } from '../../../src/core/record.ts'
import { cell, type DrawnRow, drawnTable } from '../../support/drawn-table.ts'
import { tombstone, value, versionAt } from './sweep-scene.ts'

const nowMs = 1_000
const zombiesUntilMs = 100

/**
 * What replicas hold, and what is done. `w` is 2; what is not newer than 100 may be a zombie; it is 1,000.
 *
 * `7` value of version 7, `x7` tombstone, `e7` expired, `+` still to be kept; `-` holds nothing, `?` unreadable, `!` did not
 * answer. `j` before it: a replica that is joining.
 */
const table = `
| A    | B    | C    | decision                             | what it shows                                          |
|------|------|------|--------------------------------------|--------------------------------------------------------|
| 207  | 207  | 207  |                                      | all agree                                              |
| -    | -    | -    |                                      |                                                        |
| 7    | 7    | 7    |                                      | on all: no zombie, however old                         |
| 207  | 206  | -    | B stale 207, C absent 207            | the newest wins                                        |
| 206  | x206 | 205  | A stale x206+, C stale x206+         | a tombstone wins over a value of the same version      |
| -    | x207 | -    |                                      | not to where nothing is held: it may be purged there   |
| -    | x207+ | -   | A absent x207+, C absent x207+       | unless it must still be kept                           |
| 206  | x207 | -    | A stale x207+, C absent x207+        | as it must when something older would outlive it       |
| -    | e207 | 205  | A absent e207+, C stale e207+        | an expired record wins by its version                  |
| 207  | !    | -    | C absent 207                         | who does not answer is left alone                      |
| 207  | j-   | -    | B absent 207, C absent 207           | a joining replica is given what it lacks               |
| j207 | -    | -    | B absent 207, C absent 207           | and gives what it has, while it is young               |
| 7    | 7    | -    | C absent 7                           | on w: acknowledged, perhaps                            |
| 7    | -    | -    | zombie A 7                           | on fewer than w, and all others are sure               |
| j6   | j7   | -    | left                                 | two that are joining could have been w                 |
| -    | 7    | 6    | A absent 7, C stale 7                | who is full and holds something older proves that nothing was deleted since |
| 7    | x6+  | -    | B stale 7, C absent 7                |                                                        |
| 7    | 206  | -    | A stale 206, C absent 206            | what is superseded is none                             |
| 7    | 6    | 6    | B stale 7, C stale 7                 | a write that failed took the place of one that was acknowledged |
| 7    | !    | -    | left                                 | the one that is down may hold it                       |
| 7    | j-   | -    | left                                 | the one that is joining may have lost it               |
| 7    | ?    | -    | left                                 | the one that cannot be read may be it                  |
| 7    | ?    | ?    |                                      | nobody says that there is nothing                      |
| 7    | !    | 6    | C stale 7                            |                                                        |
| 7    | !    | j6   | C stale 7                            |                                                        |
| 7    | j7   | -    | left                                 | what a joining replica holds proves nothing            |
| j7   | j7   | -    | left                                 |                                                        |
| j7   | -    | -    | zombie A 7                           | brought back by one that was away                      |
| j7   | j7   | j7   |                                      |                                                        |
| 7    | j-   | j-   | B absent 7, C absent 7               | every full replica holds it                            |
| x7   | -    | -    |                                      | dead records are never dropped early                   |
| x7+  | -    | -    | B absent x7+, C absent x7+           | and always spread                                      |
| x7   | 6    | -    | B stale x7+, C absent x7+            |                                                        |
| 207  | ?    | 207  | B unreadable 207                     | mended once enough others were read                    |
| 207  | ?    | -    | B unreadable 207, C absent 207       |                                                        |
| 207  | ?    | !    |                                      | it may be all that is left of a write                  |
| 207  | ?    | j206 | C stale 207                          | joining replicas are no evidence                       |
| ?    | ?    | ?    |                                      | nothing is known to mend it with                       |
| ?    | -    | -    |                                      |                                                        |
`

describe('what a sweep does about a key', () => {
  const rows = drawnTable(table).map((row) => [title(row), row] as const)

  test.each(rows)('%s', (_, row) => {
    const cells = ['A', 'B', 'C'].map((name) => cell(row, name))
    const decision = decideKey(cells.map(answerOf), rulesFor(cells))
    expect(drawn(decision)).toBe(cell(row, 'decision'))
  })

  test('a record is spread with the longest retention that any record of the key has', () => {
    const kept = (retainUntilMs: number) => ({ ...tombstone('k', 207), retainUntilMs })
    const decision = decideKey([kept(1_500), kept(1_900), null], rulesFor(['', '', '']))
    expect(decision.spread?.head.retainUntilMs).toBe(1_900)
  })

  test('a record retired by gc grace is not given to a replica that holds nothing', () => {
    const rules = { ...rulesFor(['', '', '']), retirement: { retainedUntilMs: nowMs, diedUntilMs: 300 } }
    const dead = { ...tombstone('k', 207), retainUntilMs: foreverMs }
    expect(drawn(decideKey([dead, null, value('k', 200)], rules))).toBe('C stale x207+')
  })

  test('where no zombie can exist, everything is spread', () => {
    const rules = { ...rulesFor(['', '', '']), zombiesUntilMs: null }
    expect(drawn(decideKey([value('k', 7), null, undefined], rules))).toBe('B absent 7')
  })

  test.each([
    ['j6 j7 -', 'zombie B 7, zombie A 6'],
    ['j7 jx6+ -', 'zombie A 7, A absent x6+, C absent x6+'],
  ])('what lies beneath a zombie is judged by itself: %s', (text, decision) => {
    const cells = text.split(' ')
    expect(drawn(decideKey(cells.map(answerOf), { ...rulesFor(cells), w: 3 }))).toBe(decision)
  })

  test('what every full replica holds fills one that lost its data, however old it is and however large w', () => {
    const rules = { ...rulesFor(['7', '7', 'j-']), w: 3 }
    expect(drawn(decideKey(['7', '7', 'j-'].map(answerOf), rules))).toBe('C absent 7')
  })

  test('nothing that an acknowledged record could be is ever dropped', () => {
    const answer = fc.constantFrom('7', '-', '!', '?', 'j7', 'j-')
    fc.assert(
      fc.property(fc.array(answer, { minLength: 2, maxLength: 5 }), fc.nat(4), (cells, extra) => {
        const w = Math.min(cells.length, 1 + extra)
        const rules = { ...rulesFor(cells), n: cells.length, w }
        const { zombies } = decideKey(cells.map(answerOf), rules)
        const couldHold = cells.filter((text) => text !== '-').length
        if (couldHold >= w) expect(zombies).toEqual([])
      }),
    )
  })
})

describe('the verdict on a live record', () => {
  const counts = `
  | version | w | holders | lacking | outdated | unknown | verdict |
  |---------|---|---------|---------|----------|---------|---------|
  | 99      | 3 | 3       | 1       | 0        | 0       | spread  |
  | 99      | 3 | 2       | 1       | 0        | 0       | zombie  |
  | 99      | 3 | 2       | 1       | 1        | 0       | spread  |
  | 99      | 3 | 2       | 0       | 0        | 1       | spread  |
  | 99      | 3 | 2       | 1       | 0        | 1       | left    |
  | 99      | 3 | 1       | 1       | 0        | 1       | zombie  |
  | 99      | 3 | 0       | 0       | 0        | 3       | left    |
  | 99      | 1 | 0       | 1       | 0        | 0       | zombie  |
  | 100     | 3 | 1       | 2       | 0        | 0       | zombie  |
  | 101     | 3 | 1       | 2       | 0        | 0       | spread  |
  `
  test.each(drawnTable(counts))(
    'version $version on $holders of w = $w, $lacking lack it, $outdated are behind, $unknown unknown: $verdict',
    (row) => {
      const number = (column: string) => Number(cell(row, column))
      const head = value('k', number('version'))
      const holding = {
        holders: number('holders'),
        lacking: number('lacking'),
        outdated: number('outdated'),
        unknown: number('unknown'),
      }
      expect(verdictOf(head, holding, { w: number('w'), zombiesUntilMs, nowMs })).toBe(cell(row, 'verdict'))
    },
  )
})

function title(row: DrawnRow): string {
  const what = cell(row, 'what it shows')
  const held = ['A', 'B', 'C'].map((name) => cell(row, name)).join(' ')
  return what === '' ? held : `${held}: ${what}`
}

function rulesFor(cells: readonly string[]): DecisionRules {
  const isFull = cells.map((text) => !text.startsWith('j'))
  return { n: 3, w: 2, isFull, zombiesUntilMs, retirement: { retainedUntilMs: nowMs, diedUntilMs: -1 }, nowMs }
}

function answerOf(text: string): MemberAnswer {
  const held = text.replace('j', '')
  if (held === '-') return null
  if (held === '!') return undefined
  if (held === '?') return { kind: 'corrupt', key: 'k', reason: 'not a record' }
  const [, kind = '', time = '', retained = ''] = /^([xe]?)(\d+)(\+?)$/.exec(held) ?? []
  const record = kind === 'x' ? tombstone('k', Number(time)) : value('k', Number(time), kind === 'e' ? 900 : null)
  return retained === '' ? record : { ...record, retainUntilMs: foreverMs }
}

function drawn({ spread, zombies, leftAt }: KeyDecision): string {
  const letter = (member: number) => String.fromCharCode(65 + member)
  const dropped = zombies.map(({ member, head }) => `zombie ${letter(member)} ${drawnHead(head)}`)
  const given = (spread?.to ?? []).map(({ member, held }) => {
    const lack = held === null ? 'absent' : isCorrupt(held) ? 'unreadable' : 'stale'
    return `${letter(member)} ${lack} ${spread === null ? '' : drawnHead(spread.head)}`
  })
  return [...dropped, ...given, ...(leftAt.length > 0 ? ['left'] : [])].join(', ')
}

function drawnHead({ version, kind, expiresAtMs, retainUntilMs }: RecordHead): string {
  const time = Number.parseInt(version.slice(0, 12), 16)
  expect(version).toBe(versionAt(time))
  const dead = kind === 'tombstone' ? 'x' : expiresAtMs === null ? '' : 'e'
  return `${dead}${time}${dead !== '' && retainUntilMs === foreverMs ? '+' : ''}`
}
