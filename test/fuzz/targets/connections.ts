import fc from 'fast-check'
import type { ReplicaSource } from '../../../adapters/open.ts'
import { ConfigError } from '../../../src/errors.ts'
import type { QuorumEvent } from '../../../src/events.ts'
import { KeyvQuorum } from '../../../src/keyv-quorum.ts'
import { ending, endingLater } from '../documented-errors.ts'
import { assertHidden, secret } from '../secrets.ts'
import type { FuzzTarget } from '../target.ts'

/** Nobody listens there. */
const place = '127.0.0.1:1'

const sources: fc.Arbitrary<readonly ReplicaSource[]> = fc.tuple(secret, secret).map(([one, other]) => {
  const [first, second] = [one, other].map((text) => encodeURIComponent(text.toWellFormed()))
  return [
    `redis://user:${first}@${place}/1`,
    `postgres://user:${second}@${place}/app?sslmode=disable`,
    { use: 'redis', url: `redis://${place}/2`, username: 'user', password: one },
    { use: 'postgres', url: `postgres://${place}/other`, username: other, password: one },
    `postgres://${place}/app3?user=u&password=${first}&sslmode=disable`,
  ]
})

/** Servers that cannot be reached: neither errors nor events nor the store itself tell how one logs in to them. */
export const connectionSecretTarget: FuzzTarget = {
  name: 'secrets-in-failures',
  casesPerRound: 3,
  open: () => ({
    property: fc.asyncProperty(sources, async (given) => {
      const made = ending(() => new KeyvQuorum(given, { deadlineMs: 4_000, sweepEveryMs: 0 }), [ConfigError])
      if ('refusal' in made) return assertHidden(made.refusal)
      const store = made.result
      const events: QuorumEvent[] = []
      store.on('event', (event) => events.push(event))
      const ends = await Promise.all([
        endingLater(() => store.get('k')),
        endingLater(() => store.set('k', 1)),
        endingLater(() => store.clear()),
        endingLater(() => store.explain('k')),
        endingLater(() => store.sweep()),
      ])
      assertHidden(...ends.map((end) => ('refusal' in end ? end.refusal : end.result)), store, store.replicas)
      assertHidden(store.guarantees, String(store.guarantees))
      for (const event of events) assertHidden(event, 'error' in event ? event.error : '')
      await store.disconnect()
      assertHidden(store)
    }),
  }),
}
