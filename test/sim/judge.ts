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
  if (world.hasLostTooMuch) return bounds
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
