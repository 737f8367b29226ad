import fc from 'fast-check'
import { putsOf, valueAt } from '../../conformance/samples.ts'
import { hostileText } from '../hostile-text.ts'
import { mutatedText } from '../mutated-text.ts'
import { assertNothingAdded } from '../prototypes.ts'
import type { FakeLog } from '../redis/fake-log.ts'
import { RedisScene } from '../redis/redis-scene.ts'
import type { FuzzTarget } from '../target.ts'
import { walked } from './positions.ts'

/** So many that a walk takes several steps. */
const keys = Array.from({ length: 230 }, (_, index) => `:key ${index}`)
const times = { timeoutMs: 60_000 }
/** A look at the end, steps of a hundred entries, and one more. */
const commandsMax = 6

/** What became of the log since: how many entries are left, and whether it was lost and filled anew. */
const states = fc.record({
  kept: fc.oneof(fc.constant(keys.length), fc.integer({ min: 1, max: keys.length })),
  isAnew: fc.constantFrom(false, false, false, true),
})

export const wrongPositions: readonly string[] = [
  ...['0-0:c1', '-1-0:c1', '18446744073709551615-18446744073709551615:c1', '18446744073709551616-0:c1'],
  ...['99999999999999999999-99999999999999999999:c1', '1750000000000:c1', '1750000000000-*:c1', '+:c1', '-:c1', '$:c1'],
  ...['(1750000000000-1:c1', '01750000000000-1:c1', '1750000000000-1.0:c1', '1750000000000-1e0:c1', '1-1:__proto__'],
  ...['1750000000000-1:', '١٧٥٠٠٠٠٠٠٠٠٠٠-١:c1', '1750000000000-1:c1\n', '1750000000000-1\0:c1', 'undefined:undefined'],
]

function stateOf(log: FakeLog, { kept, isAnew }: { readonly kept: number; readonly isAnew: boolean }): FakeLog {
  const trimmed = log.trimmed(kept)
  return isAnew ? trimmed.madeAnew() : trimmed
}

/** Whatever is given as a position of the log of a Redis server, and whatever became of it, no change is lost without a word. */
export const redisPositionTarget: FuzzTarget = {
  name: 'positions-redis',
  casesPerRound: 1_000,
  open: async () => {
    const scene = new RedisScene()
    const { replica, server } = scene
    const known: { readonly position: string; readonly after: readonly string[] }[] = []
    for (const [index, key] of keys.entries()) {
      known.push({ position: (await walked(replica, null)).position, after: keys.slice(index) })
      await replica.putManyIfNewer(putsOf(valueAt(index + 1, key)), times)
    }
    const whole = server.log
    const samples = fc.constantFrom(...known.map(({ position }) => position))
    const positions = fc.oneof(
      { weight: 4, arbitrary: mutatedText(samples) },
      hostileText,
      fc.constantFrom(...wrongPositions),
    )
    const property = fc.asyncProperty(positions, states, async (after, state) => {
      server.log = stateOf(whole, state)
      scene.commandsLeft = commandsMax
      const { found, position, isGap } = await scene.ended(walked(replica, after))
      if (!/^[ -~]{1,200}$/.test(position)) throw new Error(`gave the position ${JSON.stringify(position)}`)
      const meant = known.find((each) => each.position === after)?.after ?? keys
      if (!isGap && !meant.every((key) => found.has(key))) throw new Error('keys are missing without a word')
      assertNothingAdded()
    })
    return { property, close: () => replica.close() }
  },
}
