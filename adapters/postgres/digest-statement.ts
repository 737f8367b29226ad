import { conditionsOf, isRetiredText } from './sql-conditions.ts'

export const digestColumnCount = 3

/**
 * $1 and $2 the hashes from which and before which, $3 to $5 what is retired. Gives one row: buckets, their sums, and how
 * many records were looked at. Answered by the index alone.
 */
export function digestText(table: string, readability: 'isReadable' | 'isReadableOrFails'): string {
  const conditions = conditionsOf('held')
  return `
    SELECT array_agg(bucket) FILTER (WHERE sum > 0), array_agg(sum) FILTER (WHERE sum > 0), sum(records)
    FROM (
      SELECT ${conditions.bucket} AS bucket, count(*) AS records,
        mod(sum(checksum::bigint) FILTER (WHERE ${conditions[readability]} AND NOT ${isRetiredText('$3', '$4', '$5')}),
          4294967296) AS sum
      FROM ${table} AS held
      WHERE key_hash >= $1::bigint AND key_hash < $2::bigint
      GROUP BY 1
    ) AS sums`
}
