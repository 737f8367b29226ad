import { describe, expect, test } from 'vitest'
import { FailureDetector, failureDetectorDefaults } from '../../src/core/failure-detector.ts'
import { cell, drawnTable } from '../support/drawn-table.ts'

/**
 * Three failures in a row, a pause of 250 ms that doubles up to 1,000. `ask` is a call that wants to go out; `fail` and
 * `ok` are ends of calls. Chance is 0 in all of it, so that pauses are whole.
 */
const life = `
| at ms | event | says       | condition | why                                                   |
|-------|-------|------------|-----------|-------------------------------------------------------|
| 0     | ask   | yes        | up        |                                                       |
| 0     | fail  |            | up        |                                                       |
| 0     | fail  |            | up        | two in a row are none yet                             |
| 1     | ok    |            | up        | a success in between starts the count again           |
| 2     | fail  |            | up        |                                                       |
| 2     | fail  |            | up        |                                                       |
| 3     | fail  | went down  | down      | the third in a row                                    |
| 3     | ask   | no         | down      |                                                       |
| 4     | fail  |            | down      | sent before: says nothing new, lengthens no pause     |
| 252   | ask   | no         | down      |                                                       |
| 253   | ask   | yes        | probing   | after 250 ms one may try                              |
| 253   | ask   | no         | probing   | and only one                                          |
| 999   | ask   | no         | probing   | however long it takes                                 |
| 1000  | fail  |            | down      | it was down before                                    |
| 1499  | ask   | no         | down      | the pause has doubled                                 |
| 1500  | ask   | yes        | probing   |                                                       |
| 1500  | fail  |            | down      |                                                       |
| 2499  | ask   | no         | down      | doubled again                                         |
| 2500  | ask   | yes        | probing   |                                                       |
| 2500  | fail  |            | down      |                                                       |
| 3499  | ask   | no         | down      | but never beyond 1,000 ms                             |
| 3500  | ask   | yes        | probing   |                                                       |
| 3600  | ok    | came back  | up        |                                                       |
| 3600  | ask   | yes        | up        |                                                       |
| 3600  | ask   | yes        | up        |                                                       |
| 3601  | fail  |            | up        | the count starts anew                                 |
| 3601  | fail  |            | up        |                                                       |
| 3602  | fail  | went down  | down      |                                                       |
| 3851  | ask   | no         | down      | and so does the pause                                 |
| 3852  | ask   | yes        | probing   |                                                       |
| 3853  | fail  |            | down      |                                                       |
| 3854  | ok    | came back  | up        | an answer that comes late is a sign of life           |
`

test('the failure detector goes through its life', () => {
  const detector = new FailureDetector({ failuresMax: 3, pauseMinMs: 250, pauseMaxMs: 1_000 })
  for (const [index, row] of drawnTable(life).entries()) {
    const nowMs = Number(cell(row, 'at ms'))
    const said = carryOut(detector, cell(row, 'event'), nowMs)
    expect([index, said, detector.condition]).toEqual([index, cell(row, 'says'), cell(row, 'condition')])
  }
})

function carryOut(detector: FailureDetector, event: string, nowMs: number): string {
  if (event === 'fail') return detector.failed(nowMs, 0) ? 'went down' : ''
  if (event === 'ok') return detector.succeeded() ? 'came back' : ''
  const wouldAdmit = detector.wouldAdmit(nowMs)
  const admits = detector.admits(nowMs)
  expect(wouldAdmit).toBe(admits)
  return admits ? 'yes' : 'no'
}

describe('the failure detector', () => {
  test('does not take the probe by looking whether it could', () => {
    const detector = new FailureDetector({ failuresMax: 1, pauseMinMs: 100, pauseMaxMs: 100 })
    detector.failed(0, 0)
    expect([detector.wouldAdmit(99), detector.wouldAdmit(100), detector.wouldAdmit(100)]).toEqual([false, true, true])
    expect(detector.condition).toBe('down')
  })

  test.each([
    [0, 100],
    [0.5, 75],
    [1, 50],
  ])('spreads probes by chance: %d waits %d of 100 ms', (fraction, pauseMs) => {
    const detector = new FailureDetector({ failuresMax: 1, pauseMinMs: 100, pauseMaxMs: 100 })
    detector.failed(1_000, fraction)
    expect(detector.admits(1_000 + pauseMs - 1)).toBe(false)
    expect(detector.admits(1_000 + pauseMs)).toBe(true)
  })

  test('probes a replica that is down at least every five seconds by default', () => {
    expect(failureDetectorDefaults).toEqual({ failuresMax: 3, pauseMinMs: 250, pauseMaxMs: 5_000 })
  })
})
