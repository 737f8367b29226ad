import { isCorrupt, type VersionedRecord } from '../core/record.ts'
import { versionTimeMs } from '../core/version.ts'
import type { ReadAnswer } from '../replica.ts'
import type { CoordinatorContext } from './context.ts'
import type { Answered } from './write-slot.ts'

/**
 * A put is superseded by what a head says, and no checksum is asked. So a version from far in the future may be damage,
 * which the clock must not follow.
 */
export function isDoubtful({ runtime, maxClockSkewMs }: CoordinatorContext, { record, outcome }: Answered): boolean {
  if (outcome.status !== 'superseded') return false
  const readMs = Math.max(runtime.clock.nowMs(), versionTimeMs(record.version))
  return versionTimeMs(outcome.by.version) - readMs > maxClockSkewMs
}

/** The whole record that stands in the way of the one that was put: it proves its version. Null where there is none. */
export function proofOf(put: VersionedRecord, answer: ReadAnswer): VersionedRecord | null {
  return answer === null || isCorrupt(answer) || answer.version <= put.version ? null : answer
}
