/** The one place of every default that does not depend on n. */
export const defaults = {
  reads: 'quorum',
  consistency: 'quorum',
  allowStale: false,
  singleProcess: false,
  deadlineMs: 5_000,
  callTimeoutMs: 2_000,
  keyv: 'auto',
  repairsMax: 10_000,
  queuedKeysMax: 100_000,
  maxClockSkewMs: 60_000,
} as const
