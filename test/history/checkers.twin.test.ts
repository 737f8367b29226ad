import { describe, expect, test } from 'vitest'
import { seededRandom } from '../support/seeded-random.ts'
import type { History, Violation } from './history.ts'
import { type KeyHistory, splitByKey } from './key-history.ts'
import { checkLinearizability } from './linearizability.ts'
import { isLinearizable } from './linearization-twin.ts'
import { checkMonotonicReads } from './monotonic.ts'
import { haveAges, isRegular, readsApart, readsTogether } from './order-twins.ts'
import { randomHistory } from './random-history.ts'
import { type ClockTolerances, RealTime } from './real-time.ts'
import { checkRegular } from './regular.ts'
import { checkResurrection } from './resurrection.ts'

const timeMax = 12
const runs = 6_000
const mixed = { writeMs: 6, writesUntil: timeMax, readMs: 6 }
/** Many gets during a write, which is when they may go back. */
const slowWrites = { writeMs: 16, writesUntil: 3, readMs: 2 }
const tolerances: readonly ClockTolerances[] = [{}, { expiryToleranceMs: 2, clearToleranceMs: 2 }]

interface Sample {
  readonly history: History
  readonly key: KeyHistory
  readonly tolerances: ClockTolerances
  readonly time: RealTime
}

describe('a checker says the same as its dumb twin', () => {
  test('linearizability', () => {
    compare(checkLinearizability, ({ key, time }) => isLinearizable(key, time, timeMax), 7)
  })

  test('regular reads', () => {
    compare(checkRegular, ({ key, time }) => isRegular(key, time), 7)
  })

  test('monotonic reads, where each read for itself is right', () => {
    compare(checkMonotonicReads, ({ key, time }) => haveAges(key, time, readsTogether), 8, slowWrites)
  })
})

test('what is linearizable keeps all the weaker rules', () => {
  let linearizable = 0
  for (const { history, tolerances } of samples(7)) {
    if (checkLinearizability(history, tolerances).length > 0) continue
    linearizable += 1
    const weaker = [checkRegular, checkMonotonicReads, checkResurrection].flatMap((check) => check(history, tolerances))
    expect({ history, weaker }).toEqual({ history, weaker: [] })
  }
  expect(linearizable).toBeGreaterThan(runs / 100)
})

/** Both answers have to be frequent, or the comparison would show little. */
function compare(
  check: (history: History, tolerances: ClockTolerances) => Violation[],
  twin: (sample: Sample) => boolean,
  operationsMax: number,
  shape = mixed,
): void {
  let right = 0
  let wrong = 0
  for (const sample of samples(operationsMax, shape)) {
    if (check === checkMonotonicReads && !haveAges(sample.key, sample.time, readsApart)) continue
    const violations = check(sample.history, sample.tolerances)
    const isRight = twin(sample)
    if (isRight) right += 1
    else wrong += 1
    expect({ ...sample, violations, isRight: violations.length === 0 }).toEqual({ ...sample, violations, isRight })
  }
  expect(Math.min(right, wrong)).toBeGreaterThan(runs / 100)
}

/** Gets of what nobody wrote are left out: that they are wrong takes no search to see. */
function* samples(operationsMax: number, shape = mixed): Generator<Sample> {
  for (let seed = 0; seed < runs; seed += 1) {
    const operations = 3 + (seed % (operationsMax - 2))
    const drawn = randomHistory(seededRandom(seed), { ...shape, operations, timeMax })
    const keys = splitByKey(drawn)
    const invented = new Set(keys.flatMap((key) => key.invented))
    const history = { operations: drawn.operations.filter((operation) => !invented.has(operation)) }
    const [key] = splitByKey(history)
    const used = tolerances[seed % tolerances.length] ?? {}
    if (key !== undefined) yield { history, key, tolerances: used, time: new RealTime(used) }
  }
}
