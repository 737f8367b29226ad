import fc from 'fast-check'
import { redisOperations } from '../redis/redis-operations.ts'
import { endsLongWay, endsWhenAborted, failsOnLog, failsOnRounds, newForEver } from '../redis/walk-checks.ts'
import type { FuzzTarget } from '../target.ts'

const names = redisOperations.map(({ name }) => name).filter((name) => /^(scan|digest)/.test(name))
const name = fc.constantFrom(...names)

const drawn = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      check: fc.constant('rounds' as const),
      name,
      cursors: fc.record({ lead: fc.nat({ max: 40 }), round: fc.integer({ min: 1, max: 40 }) }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      check: fc.constant('long way' as const),
      name,
      way: fc.record({ others: fc.nat({ max: 400 }), replyMs: fc.integer({ min: 1, max: 100 }) }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      check: fc.constant('log' as const),
      kind: fc.constantFrom('the same entry', 'there and back', 'backwards'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      check: fc.constant('abort' as const),
      walk: fc.constantFrom(...newForEver),
      steps: fc.integer({ min: 1, max: 60 }),
    }),
  },
)

function operationOf(wanted: string) {
  const found = redisOperations.find((operation) => operation.name === wanted)
  if (found === undefined) throw new Error(`there is no ${wanted}`)
  return found
}

/** Servers that never come to the end of a walk: what can be found out is a failure, and what cannot ends when it is told to. */
export const redisWalkTarget: FuzzTarget = {
  name: 'redis-walks',
  casesPerRound: 100,
  open: () => ({
    property: fc.asyncProperty(drawn, (each) => {
      switch (each.check) {
        case 'rounds':
          return failsOnRounds(operationOf(each.name), each.cursors)
        case 'long way':
          return endsLongWay(operationOf(each.name), each.way)
        case 'log':
          return failsOnLog(each.kind)
        case 'abort':
          return endsWhenAborted(each.walk, each.steps)
      }
    }),
  }),
}
