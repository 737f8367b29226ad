import { describe, expect, test } from 'vitest'
import { foreverMs } from '../../src/core/record.ts'
import { versionTimeMs } from '../../src/core/version.ts'
import { KeyWrite, type PutAnswer, type WriteStep } from '../../src/core/write.ts'
import { cell, type DrawnRow, drawnTable } from '../support/drawn-table.ts'
import { drawnRecord, tableNowMs } from './drawn-record.ts'

/**
 * What replicas say to a put, from left to right, and when the write is decided.
 *
 * `s` stored where nothing was, `s/7` in place of 7, `=` held already, `^9` superseded by 9, `!` failed, `.` no answer;
 * `@500` retained until 500, otherwise for ever. A second attempt stands behind `then`, its answers in order.
 */
const twoOfThree = `
| A     | B     | C     | decided         | then       | decided again | what it shows                                     |
|-------|-------|-------|-----------------|------------|---------------|---------------------------------------------------|
| s     | s     | .     | met at B        |            |               | acknowledged at w                                 |
| s     | !     | s     | met at C        |            |               | one failure is tolerated                          |
| !     | !     | .     | lost at B       |            |               | rejected as soon as w is out of reach             |
| s     | !     | !     | lost at C       |            |               |                                                   |
| =     | s     | .     | met at B        |            |               | what is held already counts                       |
| s     | ^9    | s     | met at C        |            |               | one newer record somewhere does not matter        |
| ^9    | ^9    | .     | retry 9 at B    | s s        | met           | a newer record on so many that w is out of reach  |
| ^8    | ^9    | .     | retry 9 at B    | ^12 ^11    | met           | the newest in the way counts; what comes then is concurrent |
| ^9    | ^9    | .     | retry 9 at B    | ^12 !      | open          |                                                   |
| ^9    | ^9    | .     | retry 9 at B    | ^12 ! s    | met           |                                                   |
| ^9    | ^9    | .     | retry 9 at B    | ^x12 ^e12  | retry 12      | what is forgotten sooner than this is no substitute |
| ^9    | ^9    | .     | retry 9 at B    | ^x12 s s   | met           |                                                   |
| ^9    | ^9    | .     | retry 9 at B    | ^x12+ ^e12+ | met          |                                                   |
| ^9    | !     | .     | open            |            |               | another answer may tell more of what was acknowledged |
| ^9    | !     | !     | lost at C       |            |               |                                                   |
| ^9    | !     | s     | retry 9 at C    | s s        | met           | superseded and failed together                    |
| ^9    | !     | s     | retry 9 at C    | ^12 ! s    | met           | two had told what was acknowledged                |
| !     | ^9    | ^8    | retry 9 at C    | ! !        | lost          |                                                   |
| s     | ^9    | ^9    | retry 9 at C    | s s        | met           |                                                   |
| !     | !     | ^9    | lost at B       |            |               | failures alone have lost it already               |
| s     | .     | .     | open            |            |               |                                                   |
| s@100 | s@100 | .     | met at B        |            |               | as long as all of w retain alike                  |
| s@100 | s@500 | .     | extend 500 at B | =@500 =@500 | met          | an older record would outlive it at A             |
| s@500 | s@100 | .     | extend 500 at B | =@500 ! =@500 | met        |                                                   |
| s@500 | s@500 | s@100 | met at B        |            |               |                                                   |
| s@100 | s@500 | .     | extend 500 at B | =@500 =@900 | extend 900   | a third replica knew of an even longer one        |
| s@100 | s@500 | .     | extend 500 at B | ! !        | lost          | not acknowledged before it is retained            |
| s@100 | s@500 | .     | extend 500 at B | ^9 =@500   | met           | overtaken meanwhile: it was on w replicas before  |
| s@100 | s@500 | .     | extend 500 at B | ^9 ^9      | met           |                                                   |
| s@100 | s@500 | .     | extend 500 at B | ^9 !       | open          |                                                   |
| s@100 | s@1500 | .    | extend 1500 at B | ^x9 =@1500 ! | extend 1500 | what overtook it is forgotten sooner, as long as nobody extends that too |
| s@100 | s@1500 | .    | extend 1500 at B | ^x9+ =@1500 | met          |                                                   |
| ^9    | s@100 | s@500 | extend 500 at C | ^9 =@500   | met           |                                                   |
`

/** The second phase of a linearizable write, and the tombstones of clear(): superseded is an acknowledgement. */
const supersededAcks = `
| A     | B     | C     | decided         | then       | decided again | what it shows                          |
|-------|-------|-------|-----------------|------------|---------------|----------------------------------------|
| ^9    | ^9    | .     | met at B        |            |               |                                        |
| ^9    | s     | .     | met at B        |            |               |                                        |
| ^9    | !     | s     | met at C        |            |               |                                        |
| ^9    | !     | !     | lost at C       |            |               |                                        |
| ^9    | s@500 | .     | met at B        |            |               |                                        |
| s@100 | s@500 | .     | extend 500 at B | ^9 ^9      | met           |                                        |
| ^x9   | s     | !     | retry 9 at C    | s s        | met           | one day A would hold neither           |
| ^x9   | ^x9   | .     | retry 9 at B    | ^x12 s s   | met           |                                        |
`

const threeOfFive = `
| A     | B     | C     | D     | E     | decided         | then              | decided again | what it shows                          |
|-------|-------|-------|-------|-------|-----------------|-------------------|---------------|----------------------------------------|
| s     | s     | s     | .     | .     | met at C        |                   |               |                                        |
| !     | !     | s     | s     | s     | met at E        |                   |               |                                        |
| !     | !     | !     | .     | .     | lost at C       |                   |               |                                        |
| s     | s     | ^9    | ^9    | !     | retry 9 at E    |                   |               |                                        |
| ^9    | !     | !     | .     | .     | open            |                   |               |                                        |
| ^9    | !     | !     | ^8    | .     | open            |                   |               |                                        |
| ^9    | !     | !     | ^8    | ^7    | retry 9 at E    |                   |               |                                        |
| ^9    | ^9    | ^9    | .     | .     | retry 9 at C    |                   |               |                                        |
| ^9    | ^9    | ^9    | .     | .     | retry 9 at C    | s@100 s@500 ^e12  | extend 500    | what is newer is kept as long: it counts |
| ^9    | ^9    | ^9    | .     | .     | retry 9 at C    | s@100 s@1500 ^e12 | open          | forgotten before the longest of them   |
| ^9    | ^9    | s     | s     | s     | met at E        |                   |               |                                        |
| s@100 | s@100 | s@300 | .     | .     | extend 300 at C |                   |               |                                        |
| s@300 | s@100 | s@300 | .     | .     | extend 300 at C |                   |               |                                        |
`

/** What a delete answers: whether the newest that it took the place of was a live value. */
const deletions = `
| A    | B    | C   | then     | deleted | what it shows                                                |
|------|------|-----|----------|---------|--------------------------------------------------------------|
| s/7  | s/7  | .   |          | yes     |                                                              |
| s    | s    | .   |          | no      | nothing was there                                            |
| s/x7 | s/x7 | .   |          | no      | it was deleted already                                       |
| s/e7 | s/e7 | .   |          | no      | it had expired                                               |
| s/6  | s/x7 | .   |          | no      | the newest counts                                            |
| s/x6 | s/7  | .   |          | yes     |                                                              |
| s    | s/7  | .   |          | yes     | one replica had missed the value                             |
| s/7  | s    | .   |          | yes     |                                                              |
| s/x7 | s/6  | .   |          | no      |                                                              |
| s/7  | s/x6 | .   |          | yes     |                                                              |
| s/7  | !    | s/7 |          | yes     |                                                              |
| ^9   | ^9   | .   | s/9 s/9  | yes     |                                                              |
| ^x9  | ^x9  | .   | s/x9 s/x9 | no     |                                                              |
| ^9   | s/6  | !   | ! s/x7 s/6 | yes   | the first attempt left x7 at B; 9 is what was deleted        |
`

describe('a write to 2 of 3', () => checkDecisions(twoOfThree, 3, 2, false))
describe('a write that superseded acknowledges', () => checkDecisions(supersededAcks, 3, 2, true))
describe('a write to 3 of 5', () => checkDecisions(threeOfFive, 5, 3, false))

describe('a deletion', () => {
  test.each(titled(deletions))('%s', (_title, row) => {
    const write = new KeyWrite({ n: 3, w: 2, supersededAcks: false })
    const { last } = answerAll(write, [cell(row, 'A'), cell(row, 'B'), cell(row, 'C')])
    if (last.next === 'retry') write.beginAttempt()
    const again = answerAll(write, wordsOf(cell(row, 'then')))
    expect((again.last.next === 'wait' ? last : again.last).next).toBe('met')
    expect(write.replacedLiveValue(tableNowMs)).toBe(cell(row, 'deleted') === 'yes')
  })
})

function checkDecisions(table: string, n: number, w: number, isAck: boolean): void {
  test.each(titled(table))('%s', (_title, row) => {
    const write = new KeyWrite({ n, w, supersededAcks: isAck })
    const first = answerAll(
      write,
      [...'ABCDE'].slice(0, n).map((replica) => cell(row, replica)),
    )
    expect(first.text).toBe(cell(row, 'decided'))
    if ((row.then ?? '') === '') return
    write.beginAttempt()
    expect(answerAll(write, wordsOf(cell(row, 'then'))).last).toEqual(stepIn(cell(row, 'decided again')))
  })
}

/** Gives the answers in, until the write is decided. */
function answerAll(write: KeyWrite, answers: readonly string[]): { last: WriteStep; text: string } {
  for (const [index, text] of answers.entries()) {
    if (text === '.') continue
    const last = text === '!' ? write.addFailure() : write.addAnswer(putAnswer(text), putUntilMs(answers))
    if (last.next !== 'wait') return { last, text: `${textOf(last)} at ${'ABCDE'.charAt(index)}` }
  }
  return { last: { next: 'wait' }, text: 'open' }
}

/** Until when the record that is put is to be retained: as long as the first replica says that stored it. */
function putUntilMs(answers: readonly string[]): number {
  return Number(/@(\d+)/.exec(answers.join(' '))?.[1] ?? foreverMs)
}

function putAnswer(text: string): PutAnswer {
  if (text.startsWith('^')) return { status: 'superseded', by: drawnRecord(text.slice(1)) }
  const [, status, replaced, retention] = /^([s=])(?:\/(\w+))?(?:@(\d+))?$/.exec(text) ?? []
  const retainUntilMs = retention === undefined ? foreverMs : Number(retention)
  if (status === '=') return { status: 'held', retainUntilMs }
  if (status !== 's') throw new Error(`${text} is no answer to a put`)
  return { status: 'stored', retainUntilMs, replaced: replaced === undefined ? null : drawnRecord(replaced) }
}

function textOf(step: WriteStep): string {
  if (step.next === 'retry') return `retry ${versionTimeMs(step.laterThan)}`
  return step.next === 'extend' ? `extend ${step.retainUntilMs}` : step.next
}

function stepIn(text: string): WriteStep {
  const [next = '', argument = ''] = text.split(' ')
  if (next === 'retry') return { next, laterThan: drawnRecord(argument).version }
  if (next === 'extend') return { next, retainUntilMs: Number(argument) }
  return { next: next === 'open' ? 'wait' : next } as WriteStep
}

function titled(table: string): (readonly [title: string, row: DrawnRow])[] {
  return drawnTable(table).map((row) => {
    const { 'what it shows': shown, ...cells } = row
    const drawing = Object.values(cells).filter((text) => text !== '')
    return [`${drawing.join('  ')}${shown ? ` (${shown})` : ''}`, row]
  })
}

function wordsOf(text: string): string[] {
  return text.split(' ').filter((word) => word !== '')
}
