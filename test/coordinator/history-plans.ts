import fc from 'fast-check'
import type { QuorumOptions } from '../../src/config.ts'
import type { Fate } from '../support/scripted-replica.ts'
import type { HistoryPlan, Step } from './history.ts'

export const deadlineMs = 1_000
const callTimeoutMs = 300
const keys = [':a', ':b']

/** A request or an answer may come after its caller has long given up. */
const way = fc.constantFrom(0, 0, 1, 5, 50, 290, 310, 700, 1_500)
const fate: fc.Arbitrary<Fate> = fc.oneof(
  { arbitrary: fc.constant({}), weight: 4 },
  { arbitrary: fc.record({ there: way, back: way }), weight: 4 },
  fc.constantFrom<Fate>(
    { failure: { code: 'UNAVAILABLE', isApplied: false } },
    { failure: { code: 'REJECTED', isApplied: false } },
    { failure: { code: 'TIMEOUT', isApplied: true } },
    { there: 200, failure: { code: 'TIMEOUT', isApplied: true } },
    { there: 'for ever' },
    { back: 'for ever' },
    { throws: new Error('odd') },
    { garble: () => undefined },
    { garble: (answers) => answers.slice(1) },
  ),
)
const client = fc.nat({ max: 5 })
const replica = fc.nat({ max: 4 })
const key = fc.constantFrom(...keys)
const ttlMs = fc.option(fc.constantFrom(1, 100, 2_000, 60_000), { freq: 3 })

const operation = (kinds: readonly ('set' | 'delete' | 'read' | 'clear')[]) =>
  fc.record({ do: fc.constantFrom(...kinds), client, key, ttlMs })
const fault = fc.record({ do: fc.constant('fault' as const), replica, fate })
const pause = fc.record({ do: fc.constant('pause' as const), ms: fc.constantFrom(0, 1, 5, 60, 300, 1_000) })
const skew = fc.record({
  do: fc.constant('skew' as const),
  client,
  skewMs: fc.constantFrom(-50_000, -500, 0, 1, 700, 50_000),
})
const damage = fc.record({ do: fc.constant('damage' as const), replica, key })

const wipe = fc.record({ do: fc.constant('wipe' as const), replica })
const sweep = fc.record({ do: fc.constant('sweep' as const), client })

const quorumsFrom = (wMin: number) =>
  fc
    .integer({ min: wMin, max: 5 })
    .chain((n) =>
      fc
        .record({ n: fc.constant(n), r: fc.integer({ min: 1, max: n }), w: fc.integer({ min: wMin, max: n }) })
        .filter(({ r, w }) => r + w > n && 2 * w > n),
    )

export interface PlanWishes {
  readonly options?: QuorumOptions
  readonly kinds?: readonly ('set' | 'delete' | 'read' | 'clear')[]
  readonly hasSkew?: boolean
  readonly hasDamage?: boolean
  readonly hasTtl?: boolean
  /** Replicas lose their data, one at a time: so w is 2 or more. */
  readonly hasLosses?: boolean
  readonly stepsMax?: number
}

export function plans(wishes: PlanWishes = {}): fc.Arbitrary<HistoryPlan> {
  const { options = {}, kinds = ['set', 'set', 'delete', 'read', 'read'], hasSkew = true, hasDamage = true } = wishes
  const { hasLosses = false } = wishes
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      arbitrary: operation(kinds).map((each) => (wishes.hasTtl === false ? { ...each, ttlMs: null } : each)),
      weight: 6,
    },
    { arbitrary: fault, weight: 3 },
    { arbitrary: pause, weight: 4 },
    { arbitrary: skew, weight: hasSkew ? 1 : 0 },
    { arbitrary: damage, weight: hasDamage ? 1 : 0 },
    { arbitrary: wipe, weight: hasLosses ? 1 : 0 },
    { arbitrary: sweep, weight: hasLosses ? 1 : 0 },
  )
  return fc
    .record({
      quorum: quorumsFrom(hasLosses ? 2 : 1),
      clients: fc.integer({ min: 1, max: 3 }),
      steps: fc.array(step, { minLength: 5, maxLength: wishes.stepsMax ?? 40, size: 'max' }),
    })
    .map(({ quorum: { n, r, w }, clients, steps }) => ({
      n,
      clients,
      steps,
      options: { r, w, deadlineMs, callTimeoutMs, ...options },
    }))
}
