import fc from 'fast-check'
import { memoryReplica } from '../../../adapters/memory/memory-replica.ts'
import { firstUnderWay, positionText, readPosition } from '../../../adapters/postgres/changes-position.ts'
import { sqliteReplica } from '../../../adapters/sqlite/sqlite-replica.ts'
import type { Replica } from '../../../src/replica.ts'
import { putsOf, valueAt } from '../../conformance/samples.ts'
import { hostileText } from '../hostile-text.ts'
import { mutatedText } from '../mutated-text.ts'
import type { FuzzTarget } from '../target.ts'

const keys = Array.from({ length: 12 }, (_, index) => `:key ${index}`)
const options = { stepTimeoutMs: 60_000 }

/** A replica with a log of a dozen changes, and every position that it gave on the way, with what came after it. */
async function logged(replica: Replica) {
  const positions: { readonly position: string; readonly after: readonly string[] }[] = []
  for (const [index, key] of keys.entries()) {
    positions.push({ position: (await walked(replica, null)).position, after: keys.slice(index) })
    await replica.putManyIfNewer(putsOf(valueAt(index + 1, key)), { timeoutMs: 60_000 })
  }
  positions.push({ position: (await walked(replica, null)).position, after: [] })
  return positions
}

/** All that the log of changes gives after a position. */
export async function walked(replica: Replica, after: string | null) {
  const found = new Set<string>()
  let [position, isGap] = ['', false]
  for await (const step of replica.changes?.(after, options) ?? []) {
    for (const key of step.keys) found.add(key)
    position = step.position
    isGap ||= step.isGap === true
  }
  return { found, position, isGap }
}

function positionTarget(name: string, casesPerRound: number, make: () => Replica): FuzzTarget {
  return {
    name: `positions-${name}`,
    casesPerRound,
    open: async () => {
      const replica = make()
      const known = await logged(replica)
      const samples = fc.constantFrom(...known.map(({ position }) => position))
      const property = fc.asyncProperty(fc.oneof(mutatedText(samples), hostileText), async (after) => {
        const { found, position, isGap } = await walked(replica, after)
        if (!/^[ -~]{1,200}$/.test(position)) throw new Error(`gave the position ${JSON.stringify(position)}`)
        // Whatever the text reads as: what it may have meant to come after, came, or the caller hears of a gap.
        const meant = known.find((each) => each.position === after)?.after ?? keys
        if (!isGap && !meant.every((key) => found.has(key))) throw new Error('keys are missing without a word')
      })
      return { property, close: () => replica.close() }
    },
  }
}

/** Whatever is given as a position of the log, no change is lost without a word. */
export const memoryPositionTarget = positionTarget('memory', 3_000, () => memoryReplica())

export const sqlitePositionTarget = positionTarget('sqlite', 300, () => sqliteReplica({ path: ':memory:' }))

const postgresPositions = mutatedText(
  fc.constantFrom('0123456789abcdef.10:20:12,15', '0123456789abcdef.7:7:', `${'f'.repeat(16)}.1:999999999999999999:5`),
)

export const postgresPositionTarget: FuzzTarget = {
  name: 'positions-postgres',
  casesPerRound: 3_000,
  open: () => ({
    property: fc.property(fc.oneof(postgresPositions, hostileText), (text) => {
      const position = readPosition(text)
      if (position === null) return
      firstUnderWay(position.snapshot)
      if (text.length <= 190 && positionText(position) !== text) throw new Error('another position came back')
    }),
  }),
}
