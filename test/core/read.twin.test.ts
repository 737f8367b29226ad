import fc from 'fast-check'
import { describe, test } from 'vitest'
import {
  agree,
  agreeOnEveryHistory,
  corrupt,
  endsOf,
  eventOf,
  keptTombstone,
  old,
  type Reply,
  recent,
  recentTwin,
  tombstone,
} from './agree-with-read-twin.ts'
import { drawnRecord } from './drawn-record.ts'
import type { ReadEvent } from './read-twin.ts'

describe('KeyRead does what its dumb twin does', () => {
  test.each([
    [1, [null, old, recent, recentTwin, tombstone, keptTombstone, corrupt, 'fails']],
    [2, [null, old, recent, recentTwin, tombstone, keptTombstone, corrupt, 'fails']],
    [3, [null, old, recent, recentTwin, tombstone, keptTombstone, corrupt, 'fails']],
  ] as const satisfies readonly (readonly [number, readonly Reply[]])[])(
    'n = %i, every r, every answer, every order',
    agreeOnEveryHistory,
  )

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
