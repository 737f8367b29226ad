import { hash } from 'node:crypto'

/**
 * A position in the log of changes is a snapshot: which transactions were over. The log is in the order of nothing,
 * because a transaction may be over long after one that began later; what a snapshot did not show is what is new.
 */
export interface ChangesPosition {
  /** Tells this log from any other, and from itself before it was lost. */
  readonly log: string
  /** In PostgreSQL's text form: the first transaction that was under way, the next one to begin, those between. */
  readonly snapshot: string
}

const positionPattern = /^([0-9a-f]{16})\.(\d+:\d+:[\d,]*)$/
const logDigits = 16
/** A position has at most 200 characters. */
const snapshotLengthMax = 180

export function logName(parts: readonly string[]): string {
  return hash('sha256', parts.join(' ')).slice(0, logDigits)
}

/** Where many are under way, all from the first one on count as new: some keys come again, none is missed. */
export function positionText({ log, snapshot }: ChangesPosition): string {
  const first = firstUnderWay(snapshot)
  return `${log}.${snapshot.length > snapshotLengthMax ? `${first}:${first}:` : snapshot}`
}

/** Null when it is none. */
export function readPosition(text: string): ChangesPosition | null {
  const [, log, snapshot] = positionPattern.exec(text) ?? []
  return log === undefined || snapshot === undefined ? null : { log, snapshot }
}

export function firstUnderWay(snapshot: string): bigint {
  return BigInt(snapshot.slice(0, snapshot.indexOf(':')))
}
