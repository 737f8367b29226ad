import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { KeyRead, type ReadPlan, type ReadStep } from '../../src/core/read.ts'
import type { CorruptRecord, VersionedRecord } from '../../src/core/record.ts'
import { drawnRecord, tableNowMs } from './drawn-record.ts'
import { type ReadEvent, type TwinStep, twinStep } from './read-twin.ts'
import { permutations, tuples } from './small-cases.ts'

const corrupt: CorruptRecord = { kind: 'corrupt', key: 'k', reason: 'made so' }
type Reply = VersionedRecord | CorruptRecord | null | 'fails'

const old = drawnRecord('1')
const recent = drawnRecord('2')
const recentTwin = drawnRecord('2b')
const tombstone = drawnRecord('x2')
const keptTombstone = drawnRecord('x3+')

describe('KeyRead does what its dumb twin does', () => {
  test.each([
    [1, [null, old, recent, recentTwin, tombstone, keptTombstone, corrupt, 'fails']],
    [2, [null, old, recent, recentTwin, tombstone, keptTombstone, corrupt, 'fails']],
    [3, [null, old, recent, recentTwin, tombstone, keptTombstone, corrupt, 'fails']],
    [4, [null, old, recent, tombstone, corrupt, 'fails']],
    [5, [null, old, recent, 'fails']],
  ] as const satisfies readonly (readonly [number, readonly Reply[]])[])(
    'n = %i, every r, every answer, every order',
    (n, replies) => {
      const orders = permutations(n)
      for (const given of tuples<Reply>(replies, n)) {
        for (const order of orders) {
          const history = order.map((replica) => eventOf(replica, given[replica] ?? null))
          for (let r = 1; r <= n; r += 1) agree({ n, r, holdersNeeded: 0 }, history)
        }
      }
    },
  )

  test('n = 3, monotonic, every answer and every end of the puts, in every order', () => {
    const meeting = tuples([1, 2, 3], 2).filter(([r = 0, w = 0]) => r + w > 3)
    const plans = meeting.map(([r = 0, w = 0]) => ({ n: 3, r, holdersNeeded: w }))
    const putEnds = tuples(['holds', 'failed', 'none'] as const, 3).map(endsOf)
    for (const given of tuples<Reply>([null, old, recent, tombstone, corrupt, 'fails'], 3)) {
      const answers = given.map((reply, replica) => eventOf(replica, reply))
      for (const plan of plans) {
        for (const order of permutations(3)) for (const ends of putEnds) putBackAfter(plan, order, answers, ends)
      }
    }
  })

  test('larger n, any history', () => {
    const record = fc.constantFrom(...['1', '2', '2b', 'x2', '3', 'e4', 'x4+', '5', 'x5'].map(drawnRecord))
    const reply = fc.oneof(record, record, fc.constant(null), fc.constant(corrupt), fc.constant('fails' as const))
    const putBack = fc.constantFrom('holds' as const, 'failed' as const, 'none' as const)
    const history = fc.integer({ min: 1, max: 9 }).chain((n) =>
      fc.record({
        n: fc.constant(n),
        r: fc.integer({ min: 1, max: n }),
        holdersNeeded: fc.integer({ min: 0, max: n }),
        replies: fc.array(reply, { minLength: n, maxLength: n }),
        order: fc.shuffledSubarray([...new Array(n).keys()], { minLength: 0 }),
        puts: fc.array(putBack, { minLength: n, maxLength: n }),
        interleaving: fc.array(fc.boolean(), { minLength: 2 * n, maxLength: 2 * n }),
      }),
    )
    fc.assert(
      fc.property(history, ({ n, r, holdersNeeded, replies, order, puts, interleaving }) => {
        const answers = order.map((replica) => eventOf(replica, replies[replica] ?? null))
        agree({ n, r, holdersNeeded }, interleave(r, answers, endsOf(puts), interleaving))
      }),
      { numRuns: 3_000 },
    )
  })
})

function endsOf(puts: readonly ('holds' | 'failed' | 'none')[]): ReadEvent[] {
  return puts.flatMap((putBack, replica) => (putBack === 'none' ? [] : [{ replica, putBack }]))
}

/** Puts end only after they began, so the first r answers come first; the rest is mixed as given. */
function interleave(
  r: number,
  answers: readonly ReadEvent[],
  ends: readonly ReadEvent[],
  takesAnswer: readonly boolean[],
): ReadEvent[] {
  const mixed = answers.slice(0, r)
  const late = answers.slice(r)
  const waiting = [...ends]
  for (const isAnswer of takesAnswer) {
    const next = (isAnswer ? late.shift() : waiting.shift()) ?? late.shift() ?? waiting.shift()
    if (next !== undefined) mixed.push(next)
  }
  return mixed
}

/** Every place that one late answer can take among the ends of the puts. */
function putBackAfter(
  plan: ReadPlan,
  order: readonly number[],
  answers: readonly ReadEvent[],
  puts: readonly ReadEvent[],
): void {
  const ordered = order.flatMap((replica) => answers.filter((answer) => answer.replica === replica))
  const last = ordered.slice(-1)
  for (let place = 0; place <= puts.length; place += 1) {
    agree(plan, [...ordered.slice(0, -1), ...puts.slice(0, place), ...last, ...puts.slice(place)])
  }
}

function agree(plan: ReadPlan, history: readonly ReadEvent[]): void {
  const read = new KeyRead<VersionedRecord>(plan)
  let isPuttingBack = false
  const soFar: ReadEvent[] = []
  for (const event of history) {
    // Ends of puts that never began are left out.
    if ('putBack' in event && !isPuttingBack) continue
    soFar.push(event)
    const step = feed(read, event)
    const twin = twinStep(plan, soFar, tableNowMs)
    isPuttingBack ||= step.writeBack !== null
    if (!isSame(step, twin)) expect({ plan, soFar, step }).toEqual({ plan, soFar, step: twin })
  }
}

function feed(read: KeyRead<VersionedRecord>, event: ReadEvent): ReadStep<VersionedRecord> {
  if ('fails' in event) return read.addFailure(event.replica, tableNowMs)
  if ('putBack' in event) return read.addWriteBack(event.replica, event.putBack)
  return read.addAnswer(event.replica, event.answer, tableNowMs)
}

function eventOf(replica: number, reply: Reply): ReadEvent {
  return reply === 'fails' ? { replica, fails: true } : { replica, answer: reply }
}

/** Quick, because it runs millions of times; what differs is then shown by `expect`. */
function isSame(step: ReadStep<VersionedRecord>, twin: TwinStep): boolean {
  if (step.settled !== twin.settled || step.repairs.length !== twin.repairs.length) return false
  if (step.writeBack?.record !== twin.writeBack?.record) return false
  if (String(step.writeBack?.replicas) !== String(twin.writeBack?.replicas)) return false
  return step.repairs.every((repair) =>
    twin.repairs.some(
      (other) => other.replica === repair.replica && other.held === repair.held && other.record === repair.record,
    ),
  )
}
