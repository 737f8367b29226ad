import { describe, test } from 'vitest'
import type { ReadPlan } from '../../src/core/read.ts'
import {
  agree,
  agreeOnEveryHistory,
  corrupt,
  endsOf,
  eventOf,
  old,
  type Reply,
  recent,
  tombstone,
} from './agree-with-read-twin.ts'
import type { ReadEvent } from './read-twin.ts'
import { permutations, tuples } from './small-cases.ts'

/** Apart from the smaller cases, because these take some seconds. */
describe('KeyRead does what its dumb twin does', () => {
  test.each([
    [4, [null, old, recent, tombstone, corrupt, 'fails']],
    [5, [null, old, recent, 'fails']],
  ] as const satisfies readonly (readonly [number, readonly Reply[]])[])(
    'n = %i, every r, every answer, every order',
    agreeOnEveryHistory,
  )

  test('n = 3, monotonic, every answer and every end of the puts, in every order', () => {
    const meeting = tuples([1, 2, 3], 2).filter(([r = 0, w = 0]) => r + w > 3)
    const plans = meeting.map(([r = 0, w = 0]) => ({ n: 3, r, holdersNeeded: w }))
    const putEnds = tuples(['holds', 'failed', 'none'] as const, 3)
    for (const given of tuples<Reply>([null, old, recent, tombstone, corrupt, 'fails'], 3)) {
      const answers = given.map((reply, replica) => eventOf(replica, reply))
      for (const plan of plans) {
        for (const order of permutations(3)) putBackAfter(plan, order, answers, putEnds)
      }
    }
  })
})

/** Where the answers lead to puts: every way in which these can end, and every place of the last answer among their ends. */
function putBackAfter(
  plan: ReadPlan,
  order: readonly number[],
  answers: readonly ReadEvent[],
  putEnds: readonly (readonly ('holds' | 'failed' | 'none')[])[],
): void {
  const ordered = order.flatMap((replica) => answers.filter((answer) => answer.replica === replica))
  const targets = agree(plan, ordered)
  for (const ends of targets.length === 0 ? [] : putEnds) {
    // Nothing ends at a replica that nothing was put on.
    if (ends.some((end, replica) => end !== 'none' && !targets.includes(replica))) continue
    const puts = endsOf(ends)
    const last = ordered.slice(-1)
    for (let place = 0; place <= puts.length; place += 1) {
      agree(plan, [...ordered.slice(0, -1), ...puts.slice(0, place), ...last, ...puts.slice(place)])
    }
  }
}
