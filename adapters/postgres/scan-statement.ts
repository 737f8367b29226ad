import { isRetiredText } from './sql-conditions.ts'
import { digestMark } from './stored-key.ts'

const columns = ['key_hash', 'key', 'version', 'kind', 'expires_at_ms', 'retain_until_ms', 'checksum']

export const scanColumnCount: number = columns.length + 1

/**
 * $1 and $3 the hashes from which and before which, of ranges in order, $2 the stored keys to start at among those of
 * the first hash, $4 how many rows to look at, $5 prefix, $6 to $8 what is retired, nulls for whatever it is. Gives those
 * that were asked for, those whose key is not in the index, and the last one, which tells where the next page starts: a
 * page ends after so many rows even where none was asked for. Answered by the index alone.
 */
export function scanText(table: string): string {
  const list = columns.join(', ')
  return `
    SELECT ${list}, seen
    FROM (
      SELECT ${list}, row_number() OVER (ORDER BY key_hash, key) AS place, count(*) OVER () AS seen
      FROM (
        SELECT ${columns.map((column) => `held.${column}`).join(', ')}
        FROM unnest($1::bigint[], $2::text[], $3::bigint[]) AS wanted (from_hash, from_key, to_hash)
        CROSS JOIN LATERAL (
          SELECT ${list} FROM ${table} AS record
          WHERE (record.key_hash, record.key) >= (wanted.from_hash, wanted.from_key) AND record.key_hash < wanted.to_hash
          ORDER BY record.key_hash, record.key
          LIMIT $4::bigint
        ) AS held
        LIMIT $4::bigint
      ) AS page
    ) AS numbered
    WHERE place = seen
      OR ((starts_with(key, $5::text) OR starts_with(key, chr(${digestMark.charCodeAt(0)})))
        AND ($6::bigint IS NULL OR ${isRetiredText('$6', '$7', '$8')}))
    ORDER BY key_hash, key`
}
