import type { History, Violation } from '../history/history.ts'
import { checkLostWrites, checkRegular } from '../history/regular.ts'
import type { World } from './world.ts'

/** Holds a history against the rules that its store promised to keep. */
export function judge(world: World, history: History): Violation[] {
  if (world.hasLostTooMuch) return []
  const { skewMaxMs } = world.plan.settings
  // A clock shows whole ms.
  const tolerances = { expiryToleranceMs: skewMaxMs / 2 + 2, clearToleranceMs: skewMaxMs + 2 }
  return [...checkRegular(history, tolerances), ...checkLostWrites(history, world.healedAtMs, tolerances)]
}
