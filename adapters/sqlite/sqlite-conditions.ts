import type { SQLInputValue } from 'node:sqlite'
import type { Retirement } from '../../src/core/retirement.ts'
import { timeMaxMs, timeText, versionLength } from '../../src/core/version.ts'

/** What `core/` says about records, said once more in SQL, for work that is done over the index alone. */

/** Of checksums, as `sqlite-row.ts` and the text form of `core/record.ts` take them. */
const digitsMin = 1_000_000_000
const digitsMax = 5_999_999_999
const timeLength = timeText(0).length

function isTime(column: string): string {
  return `typeof(${column}) = 'integer' AND ${column} BETWEEN 0 AND ${timeMaxMs}`
}

/**
 * Rows that `sqlite-row.ts` can read. Ten characters that begin with a number of ten digits are that number. `GLOB` would
 * read better, and takes twice the time of everything else together.
 */
export const isReadable = [
  `length(version) = ${versionLength} AND lower(hex(unhex(version))) = version`,
  "(kind = 'value' OR kind = 'tombstone')",
  `(expires_at_ms IS NULL OR ${isTime('expires_at_ms')})`,
  isTime('retain_until_ms'),
  `typeof(checksum) = 'text' AND length(checksum) = 10 AND CAST(checksum AS INTEGER) BETWEEN ${digitsMin} AND ${digitsMax}`,
].join(' AND ')

/** `isRetired` of `core/retirement.ts`, for readable rows. Takes {@link retirementValues}. */
export const isRetiredRow = `(kind = 'tombstone' OR expires_at_ms IS NOT NULL) AND (
  retain_until_ms <= :retainedUntilMs OR
  CASE kind WHEN 'tombstone' THEN substr(version, 1, ${timeLength}) <= :diedUntil ELSE expires_at_ms <= :diedUntilMs END)`

export function retirementValues({ retainedUntilMs, diedUntilMs }: Retirement): Record<string, SQLInputValue> {
  return { retainedUntilMs, diedUntilMs, diedUntil: versionsUntil(diedUntilMs) }
}

/** The first digits of the last versions of that time; no version's come before an empty text. */
function versionsUntil(timeMs: number): string {
  return timeMs < 0 ? '' : timeText(Math.min(Math.floor(timeMs), timeMaxMs))
}
