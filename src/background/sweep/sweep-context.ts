import type { HashRange } from '../../core/hash.ts'
import type { Retirement } from '../../core/retirement.ts'
import type { Attendance } from './attendance.ts'
import type { Pace } from './pace.ts'
import type { ProgressTeller } from './progress.ts'
import type { SweepPlan } from './sweep-options.ts'
import type { SweepLimits, SweepParts } from './sweep-parts.ts'
import type { Tally } from './tally.ts'

/** What all steps of one sweep share. */
export interface SweepContext {
  readonly parts: SweepParts
  readonly plan: SweepPlan
  readonly limits: SweepLimits
  readonly signal: AbortSignal | undefined
  readonly attendance: Attendance
  readonly tally: Tally
  readonly pace: Pace
  readonly progress: ProgressTeller
  /** The hashes that are still to be swept. */
  readonly range: HashRange
  /** All hashes of the partition. */
  readonly partitionRange: HashRange
  /** What may be purged, fixed when the sweep began, so that a preview and a sweep count the same. */
  readonly purgeable: Retirement
}
