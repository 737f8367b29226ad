import { ownRow, ownRowColumns, unloggedRow } from './lineage-statements.ts'
import { type Statement, type Vouching, writing } from './postgres-statement.ts'
import type { PostgresTable } from './postgres-table.ts'
import { conditionsOf } from './sql-conditions.ts'

/** What `replaced` holds when nothing was replaced, because the very same record was held. */
export const heldMark = 'held'

/** In how many transactions puts outside the log are expected, after one of them. */
export const unloggedLease = 10_000

export interface PutKind {
  readonly mends: boolean
  /** Whether the put is written down in the log of changes. */
  readonly isLogged: boolean
}

/**
 * $1 key hashes, $2 stored keys, $3 long keys, $4 versions, $5 kinds, $6 expiresAtMs, $7 retainUntilMs, $8 checksums,
 * $9 payloads; to mend also $10, the identity of what each may replace although it seems newer: it travels in `replaced`,
 * because a row that is to be inserted has its columns and nothing else. Gives a row for each record that was stored or
 * whose retention grew; the others were refused.
 */
export function putStatement(table: PostgresTable, vouching: Vouching | null, { mends, isLogged }: PutKind): Statement {
  return writing(vouching, {
    columnCount: 3,
    parameterCount: mends ? 10 : 9,
    steps: (guard) => [
      `stored AS (${upsertText(table.qualifiedName, mends, guard)})`,
      isLogged ? `logged AS (${logText(table)})` : `unlogged AS (${unloggedText(table.qualifiedName, guard)})`,
    ],
    answer: 'SELECT key, retain_until_ms, replaced FROM stored',
    logs: isLogged,
  })
}

/**
 * A row locked by ON CONFLICT is compared and changed in its newest committed state, and so is `replaced`, which is
 * why it is a column: RETURNING gives what this very statement replaced, however many writers there are. (Reading
 * the row beforehand, locked, costs about as much and misses rows inserted meanwhile; RETURNING OLD needs PostgreSQL 18.)
 */
function upsertText(table: string, mends: boolean, guard: string): string {
  const { isReadable, isTime } = conditionsOf('held')
  const sameStamp = 'excluded.version = held.version AND excluded.kind = held.kind'
  const sameRecord = mends ? 'false' : `${sameStamp} AND excluded.payload = held.payload AND ${isReadable}`
  return `
    INSERT INTO ${table} AS held
      (key_hash, key, long_key, version, kind, expires_at_ms, retain_until_ms, checksum, payload${mends ? ', replaced' : ''})
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::bigint[], $7::bigint[],
      $8::text[], $9::text[]${mends ? ', $10::text[]' : ''})
    WHERE ${guard}
    ON CONFLICT (key_hash, key) DO UPDATE SET
      version = excluded.version,
      kind = excluded.kind,
      expires_at_ms = excluded.expires_at_ms,
      retain_until_ms = CASE
        WHEN held.retain_until_ms ${isTime} THEN GREATEST(held.retain_until_ms, excluded.retain_until_ms)
        ELSE excluded.retain_until_ms
      END,
      checksum = excluded.checksum,
      payload = excluded.payload,
      replaced = CASE
        WHEN ${sameRecord} THEN '${heldMark}'
        WHEN ${isReadable} THEN concat_ws(' ', held.version, held.kind, held.retain_until_ms, held.expires_at_ms)
        ELSE ''
      END
    WHERE excluded.version > held.version
      OR (excluded.version = held.version AND ${
        mends
          ? 'true'
          : `(
        excluded.kind > held.kind
        OR (excluded.kind = held.kind AND (
          excluded.payload > held.payload
          OR (excluded.payload = held.payload AND excluded.retain_until_ms > held.retain_until_ms)
        ))
      )`
      })
      OR NOT ${isReadable}
      ${mends ? 'OR excluded.replaced = concat(held.version, held.kind, held.checksum)' : ''}
    RETURNING key_hash, key, retain_until_ms, replaced`
}

/** One row for the batch, with the hashes of what was stored, moved down so that they fit an integer. */
function logText({ qualifiedChangesName }: PostgresTable): string {
  return `
    INSERT INTO ${qualifiedChangesName} (hashes)
    SELECT array_agg((key_hash - 2147483648)::integer) FROM stored
    WHERE replaced IS DISTINCT FROM '${heldMark}' HAVING count(*) > 0`
}

/**
 * Tells readers of the log that there are puts outside it, not only this one, so that it is seldom written: it holds a
 * number of a transaction that is not reached for a while.
 */
function unloggedText(table: string, guard: string): string {
  return `
    INSERT INTO ${table} AS held ${ownRowColumns}
    SELECT ${ownRow('unlogged', `txid_current() + ${unloggedLease}`, "''")}
    WHERE ${guard} AND NOT EXISTS (
      SELECT FROM ${table} AS known WHERE ${unloggedRow} AND known.retain_until_ms >= txid_current()
    )
    ON CONFLICT (key_hash, key) DO UPDATE
    SET retain_until_ms = GREATEST(held.retain_until_ms, excluded.retain_until_ms)`
}
