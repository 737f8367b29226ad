import fc from 'fast-check'
import { memoryReplica } from '../../../adapters/memory/memory-replica.ts'
import { type SweepOptions, sweepPlan } from '../../../src/background/sweep/sweep-options.ts'
import { bucketsCount } from '../../../src/core/digest.ts'
import { ConfigError } from '../../../src/errors.ts'
import { KeyvQuorum } from '../../../src/keyv-quorum.ts'
import { ending, endingLater } from '../documented-errors.ts'
import { hostileText, hostileValue } from '../hostile-text.ts'
import { assertNothingAdded } from '../prototypes.ts'
import type { FuzzTarget } from '../target.ts'

const counts = fc.oneof(fc.integer({ min: -2, max: 20 }), fc.constantFrom(bucketsCount, bucketsCount + 1), hostileValue)
const partition = fc.oneof(fc.record({ partition: counts, of: counts }, { requiredKeys: [] }), hostileValue)
const positions = fc.oneof(
  fc.array(fc.tuple(fc.constantFrom('memory:1', 'a'), hostileValue)).map((pairs) => new Map(pairs)),
  fc.dictionary(fc.constantFrom('memory:1', 'a'), hostileText),
  hostileValue,
)
const cursor = fc.oneof(
  fc.record({ partition, bucket: counts, positions, startedAtMs: counts, replicas: positions }, { requiredKeys: [] }),
  hostileValue,
)
const options = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record(
      {
        kind: fc.oneof(fc.constantFrom('full', 'incremental'), hostileValue),
        partition,
        preview: fc.oneof(fc.boolean(), hostileValue),
        keysPerSecond: fc.oneof(fc.constantFrom(1e6, Number.POSITIVE_INFINITY), hostileValue),
        resumeFrom: cursor,
        positions,
        onProgress: hostileValue,
        signal: fc.oneof(
          fc.constantFrom({ aborted: false }, AbortSignal.abort(new ConfigError('x', 'y'))),
          hostileValue,
        ),
      },
      { requiredKeys: [] },
    ),
  },
  { weight: 1, arbitrary: hostileValue },
)

export const sweepPlanTarget: FuzzTarget = {
  name: 'sweep-plans',
  casesPerRound: 2_000,
  open: () => ({
    property: fc.property(options, (given) => {
      const planned = ending(() => sweepPlan(given as SweepOptions), [ConfigError])
      assertNothingAdded()
      if ('refusal' in planned) return
      const { startBucket, fromBucket, toBucket } = planned.result
      if (!(startBucket <= fromBucket && fromBucket <= toBucket && toBucket <= bucketsCount))
        throw new Error('odd buckets')
    }),
  }),
}

/** So slow a sweep is what was asked for; the case need not wait for it. */
function isHasty(given: unknown): boolean {
  if (typeof given !== 'object' || given === null || !('keysPerSecond' in given)) return true
  const { keysPerSecond } = given
  return !(typeof keysPerSecond === 'number' && keysPerSecond > 0 && keysPerSecond < 1e5)
}

/** Options of any kind for a sweep of a whole store: it is carried out, or refused before anything is done. */
export const sweepTarget: FuzzTarget = {
  name: 'sweeps',
  casesPerRound: 40,
  async open() {
    const store = new KeyvQuorum([memoryReplica(), memoryReplica(), memoryReplica()], { sweepEveryMs: 0 })
    for (let key = 0; key < 5; key += 1) await store.set(`key ${key}`, key)
    const property = fc.asyncProperty(options.filter(isHasty), async (given) => {
      await endingLater(() => store.sweep(given as SweepOptions), [ConfigError])
      if ((await store.get('key 3')) !== 3) throw new Error('a sweep lost a key')
      assertNothingAdded()
    })
    return { property, close: () => store.disconnect() }
  },
}
