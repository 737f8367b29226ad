import { bucketBase } from '../../src/core/digest.ts'
import { foreverMs } from '../../src/core/record.ts'

/** What SQL can tell of a row. The columns are those of the alias, or of the only table there is. */
export interface RowConditions {
  readonly isTime: string
  /** As `postgres-rows.ts` tells a head that can be read; a record without one counts as older than any. */
  readonly isReadable: string
  /**
   * The same at a quarter of the cost, for whole tables. Where something cannot be read it may fail instead, with an
   * error of class 22; then {@link isReadable} has to tell.
   */
  readonly isReadableOrFails: string
  readonly bucket: string
}

export function conditionsOf(alias: string): RowConditions {
  const timesAreTimes = `${alias}.kind IN (0, 1) AND ${alias}.retain_until_ms ${isTime}
    AND (${alias}.expires_at_ms IS NULL OR ${alias}.expires_at_ms ${isTime})`
  return {
    isTime,
    isReadable: `(
      ${alias}.version ~ '^[0-9a-f]{28}$' AND ${alias}.checksum ~ '^[1-5][0-9]{9}$' AND ${timesAreTimes}
    )`,
    isReadableOrFails: `(
      octet_length(${alias}.version) = 28 AND encode(decode(${alias}.version, 'hex'), 'hex') = ${alias}.version
      AND ${alias}.checksum::bigint BETWEEN 1000000000 AND 5999999999 AND ${alias}.checksum::bigint::text = ${alias}.checksum
      AND ${timesAreTimes}
    )`,
    bucket: `(${alias}.key_hash + 1000000000) / 100000 - ${bucketBase}`,
  }
}

const isTime = `BETWEEN 0 AND ${foreverMs}`

/** As `core/retirement.ts` tells it. The parameters are those of {@link retirementValues}. */
export function isRetiredText(retainedUntilMs: string, diedUntilMs: string, versionsBefore: string): string {
  return `(
    (kind = 1 OR expires_at_ms IS NOT NULL)
    AND (
      retain_until_ms <= ${retainedUntilMs}::bigint
      OR CASE kind WHEN 1 THEN version < ${versionsBefore}::text ELSE expires_at_ms <= ${diedUntilMs}::bigint END
    )
  )`
}
