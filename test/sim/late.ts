import { lateShare } from './assumptions.ts'
import type { Settings } from './plan.ts'

/** How late a message may be, at most, in a run that has these settings. */
export function lateMaxMs({ options }: Settings): number {
  return lateShare * (options.gcGraceMs ?? 60_000)
}
