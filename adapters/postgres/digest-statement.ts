import { conditionsOf, isRetiredText } from './sql-conditions.ts'

export const digestColumnCount = 4

/**
 * $1 and $2 the hashes from which and before which, $3 to $5 what is retired. Gives one row: buckets, their sums, how many
 * records were looked at, and how many were left out as retired. Answered by the index alone.
 */
export function digestText(table: string, readability: 'isReadable' | 'isReadableOrFails'): string {
  const conditions = conditionsOf('held')
  const isRetired = isRetiredText('$3', '$4', '$5')
  return `
    SELECT array_agg(bucket) FILTER (WHERE sum > 0), array_agg(sum) FILTER (WHERE sum > 0), sum(records), sum(retired)
    FROM (
      SELECT ${conditions.bucket} AS bucket, count(*) AS records, count(*) FILTER (WHERE ${isRetired}) AS retired,
        mod(sum(checksum::bigint) FILTER (WHERE ${conditions[readability]} AND NOT ${isRetired}),
          4294967296) AS sum
      FROM ${table} AS held
      WHERE key_hash >= $1::bigint AND key_hash < $2::bigint
      GROUP BY 1
    ) AS sums`
}
