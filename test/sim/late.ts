import { lateShare } from './assumptions.ts'
import type { Settings } from './plan.ts'

/** How late a message may be, at most, in a run that has these settings. */
export function lateMaxMs({ options }: Settings): number {
  return lateShare * (options.gcGraceMs ?? 60_000)
}

/** When nothing can arrive any more of what was sent over a connection that is dead. */
export function deadAfterMs(settings: Settings): number {
  return 1_000 + 2 * lateMaxMs(settings)
}
