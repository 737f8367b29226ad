import { checkBounds } from '../history/bounded.ts'
import type { History, Violation } from '../history/history.ts'
import { checkLinearizability } from '../history/linearizability.ts'
import { checkMonotonicReads } from '../history/monotonic.ts'
import { checkLostWrites, checkRegular } from '../history/regular.ts'
import { checkResurrection } from '../history/resurrection.ts'
import { limitsOf } from './gauges.ts'
import type { World } from './world.ts'

/** Holds a history against the rules that its store promised to keep. */
export function judge(world: World, history: History): Violation[] {
  const { settings } = world.plan
  const bounds = checkBounds(world.samples, limitsOf(settings))
  if (world.hasLostTooMuch || isPromiseless(world)) return bounds
  const { mode, skewMaxMs } = settings
  // A clock shows whole ms.
  const tolerances = { expiryToleranceMs: skewMaxMs / 2 + 2, clearToleranceMs: skewMaxMs + 2 }
  return [
    ...bounds,
    ...checkRegular(history, tolerances),
    ...checkLostWrites(history, world.healedAtMs, tolerances),
    ...checkResurrection(history, tolerances),
    ...(mode === 'quorum' ? [] : checkMonotonicReads(history, tolerances)),
    ...(mode === 'linearizable' ? checkLinearizability(history, tolerances) : []),
  ]
}

/**
 * Where replicas read, compare and write, two processes may overwrite each other, also one that was killed and the next: then
 * nothing is promised but that the replicas agree in the end, and that all is bounded.
 */
function isPromiseless({ plan, coverage }: World): boolean {
  if (!plan.settings.isRacy) return false
  return (
    plan.settings.processes > 1 || coverage.counts.has('fault restart') || coverage.counts.has('fault member replace')
  )
}
