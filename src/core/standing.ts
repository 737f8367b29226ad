import type { PurgeAnnouncement, ReplicaEntry } from './ledger.ts'

/**
 * How a replica stands. `checking`: its lineage is not compared yet. `full`: what it says counts. `joining`: it may lack
 * what was acknowledged, or hold what was deleted; it takes writes and counts toward neither r nor w.
 */
export type Standing = 'checking' | 'full' | 'joining'

export interface StandingFacts {
  /** What the replica told last; null for nothing yet. */
  readonly lineage: string | null
  /** What is on record about it; null for nothing. */
  readonly recorded: ReplicaEntry | null
  /** The last announcement of a purge by age; null for none ever. */
  readonly purge: PurgeAnnouncement | null
  readonly nowMs: number
  readonly gcGraceMs: number
}

export interface StandingVerdict {
  readonly standing: Standing
  /** For people. */
  readonly reason: string
}

/** How long a replica may go without an exchange: less than gc grace by more than clock skew, late messages and a sweep. */
export function zombieAgeMs(gcGraceMs: number): number {
  return 0.8 * gcGraceMs
}

/** How long before it happens a purge by age is announced, so that every process has heard of it. */
export function purgeNoticeMs(gcGraceMs: number): number {
  return 0.1 * gcGraceMs
}

/** How often at least every process reads the ledger: half of the notice. */
export function ledgerAgeMaxMs(gcGraceMs: number): number {
  return 0.05 * gcGraceMs
}

/**
 * Rule D2. A replica that was away for long is only dangerous where a tombstone that it missed has been purged by age: one
 * of a death between its last exchange and what a purge was announced for. Who deletes may have a clock that is behind, so
 * deaths of a while before the exchange count too: of as long as the zombie age is less than gc grace. Where nobody sweeps,
 * nothing is purged by age, and a deployment that was switched off for weeks starts as it ended.
 */
export function standingOf({ lineage, recorded, purge, nowMs, gcGraceMs }: StandingFacts): StandingVerdict {
  if (lineage === null) return { standing: 'checking', reason: 'its lineage is not known yet' }
  if (recorded === null) return { standing: 'joining', reason: 'nothing is on record about it' }
  if (recorded.lineage === '') return { standing: 'joining', reason: 'it was taken out of the store' }
  if (recorded.lineage !== lineage) {
    return { standing: 'joining', reason: 'its lineage changed: it may have lost what it acknowledged' }
  }
  const ageMs = nowMs - recorded.exchangedAtMs
  const missedFromMs = recorded.exchangedAtMs - (gcGraceMs - zombieAgeMs(gcGraceMs))
  if (ageMs >= zombieAgeMs(gcGraceMs) && purge !== null && purge.diedUntilMs >= missedFromMs) {
    return { standing: 'joining', reason: `it was away for ${hours(ageMs)} h: what was deleted since may be forgotten` }
  }
  return { standing: 'full', reason: 'it holds what it acknowledged' }
}

function hours(ms: number): string {
  return (ms / 3_600_000).toFixed(1)
}
