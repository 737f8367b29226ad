import type { RecordStamp } from './record.ts'
import { versionTimeMs } from './version.ts'

/**
 * When a dead record is retired, and may be purged: at `retainUntilMs`, because nothing older outlives it, or when it has
 * been dead for gc grace. Given as the two times up to which that has happened, in ms.
 */
export interface Retirement {
  /** Retired is what was to be retained until then or earlier. */
  readonly retainedUntilMs: number
  /** Retired is what died then or earlier; -1 for nothing. */
  readonly diedUntilMs: number
}

/** When a record died or will die; null for never. */
export function diesAtMs(stamp: RecordStamp): number | null {
  return stamp.kind === 'tombstone' ? versionTimeMs(stamp.version) : stamp.expiresAtMs
}

/** Whether a record is past both its death and its retention; for one that is alive at these times, false. */
export function isRetired(stamp: RecordStamp, { retainedUntilMs, diedUntilMs }: Retirement): boolean {
  const diedAtMs = diesAtMs(stamp)
  if (diedAtMs === null) return false
  return stamp.retainUntilMs <= retainedUntilMs || diedAtMs <= diedUntilMs
}
