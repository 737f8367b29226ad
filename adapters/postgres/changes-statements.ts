import { unloggedRow } from './lineage-statements.ts'
import type { PostgresTable } from './postgres-table.ts'
import { unloggedLease } from './put-statement.ts'

/** Transactions have numbers from 3 up, so none can be that of the row that holds what is known of the log itself. */
const headerRow = 'xid = -1'

/**
 * The log of changes: a row for each batch, under the number of its transaction. `hashes` are those of the keys, less
 * 2147483648. The header has an id in `epoch`, and in `floor_xid` the last number whose row may have been trimmed.
 */
export function changesTableText({ qualifiedChangesName }: PostgresTable, epoch: string): string {
  return `
    CREATE TABLE IF NOT EXISTS ${qualifiedChangesName} (
      xid bigint PRIMARY KEY DEFAULT txid_current(),
      hashes integer[] NOT NULL,
      epoch text,
      floor_xid bigint
    );
    ${beginLogText(qualifiedChangesName).replace('$1', `'${epoch}'`)}`
}

/** $1 the new id. Whatever empties the log takes the header along. */
export function beginLogText(changes: string): string {
  return `
    INSERT INTO ${changes} (xid, hashes, epoch, floor_xid) VALUES (-1, '{}', $1, 0)
    ON CONFLICT (xid) DO NOTHING`
}

export const logStateColumnCount = 5

/**
 * The id of the log, its table's number, the last transaction that may be missing from it, the snapshot of now, and whether
 * it tells of transactions that have not been: it was brought in from another server.
 */
export function logStateText({ qualifiedName, qualifiedChangesName }: PostgresTable): string {
  return `
    SELECT epoch, header.tableoid, GREATEST(floor_xid, unlogged.until_xid), now.snapshot,
      GREATEST(floor_xid, unlogged.until_xid - ${unloggedLease}, newest.xid) >= txid_snapshot_xmax(now.snapshot)
    FROM ${qualifiedChangesName} AS header
    CROSS JOIN (SELECT txid_current_snapshot() AS snapshot) AS now
    CROSS JOIN (SELECT max(xid) AS xid FROM ${qualifiedChangesName}) AS newest
    CROSS JOIN (SELECT max(retain_until_ms) AS until_xid FROM ${qualifiedName} WHERE ${unloggedRow}) AS unlogged
    WHERE header.${headerRow}`
}

export const changesColumnCount = 3

/**
 * $1 and $2 the snapshots after and until which, $3 the transaction after which, $4 rows at most, $5 keys at most, beyond
 * which no further row comes. Gives the last transaction, and hash and stored key of each record, both null where there is none any more; no row at
 * the end.
 */
export function changesText({ qualifiedName, qualifiedChangesName }: PostgresTable): string {
  return `
    WITH page AS MATERIALIZED (
      SELECT xid, hashes FROM (
        SELECT xid, hashes, sum(cardinality(hashes)) OVER (ORDER BY xid) - cardinality(hashes) AS keys_before
        FROM (
          SELECT xid, hashes FROM ${qualifiedChangesName}
          WHERE xid >= txid_snapshot_xmin($1::txid_snapshot) AND xid > $3::bigint
            AND NOT txid_visible_in_snapshot(xid, $1::txid_snapshot)
            AND txid_visible_in_snapshot(xid, $2::txid_snapshot)
          ORDER BY xid
          LIMIT $4::bigint
        ) AS next
      ) AS counted
      WHERE keys_before < $5::bigint
    )
    SELECT (SELECT max(xid) FROM page), held.key_hash, held.key
    FROM (SELECT DISTINCT unnest(hashes) + 2147483648 AS key_hash FROM page) AS changed
    LEFT JOIN LATERAL (
      SELECT key_hash, key FROM ${qualifiedName} AS record WHERE record.key_hash = changed.key_hash OFFSET 0
    ) AS held ON true`
}

/**
 * $1 how many rows stay. Only one at a time trims; what is trimmed under a reader is told by the header, which the reader
 * looks at afterwards.
 */
export function trimText({ qualifiedChangesName }: PostgresTable): string {
  return `
    WITH header AS MATERIALIZED (
      SELECT FROM ${qualifiedChangesName} WHERE ${headerRow} FOR UPDATE SKIP LOCKED
    ), last AS MATERIALIZED (
      SELECT xid FROM ${qualifiedChangesName} WHERE xid >= 0 ORDER BY xid DESC OFFSET $1::bigint LIMIT 1
    ), trimmed AS (
      DELETE FROM ${qualifiedChangesName} AS logged USING header, last WHERE logged.xid BETWEEN 0 AND last.xid
    )
    UPDATE ${qualifiedChangesName} AS held SET floor_xid = last.xid
    FROM header, last WHERE held.${headerRow} AND last.xid > held.floor_xid`
}

/** $1 the new id: the log begins anew, without what came from another server. */
export function resetLogText({ qualifiedName, qualifiedChangesName }: PostgresTable): string {
  return `
    WITH emptied AS (DELETE FROM ${qualifiedChangesName} WHERE xid >= 0), corrected AS (
      UPDATE ${qualifiedName} SET retain_until_ms = txid_current() + ${unloggedLease} WHERE ${unloggedRow}
    )
    UPDATE ${qualifiedChangesName} SET epoch = $1, floor_xid = 0 WHERE ${headerRow}`
}
