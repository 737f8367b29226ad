import { hash } from 'node:crypto'
import { foreverMs } from '../../src/core/record.ts'
import { digestMark } from './stored-key.ts'

export interface Statement {
  readonly text: string
  /** Under which a connection prepares it; absent for what is used once in a while. */
  readonly name?: string
}

/** Keys have hashes from 0 up, so no key can be that of the row that holds the lineage. */
export const lineageHash = -1

/** What `replaced` holds when nothing was replaced, because the very same record was held. */
export const heldMark = 'held'

/** The columns of a record's head, in the order in which `postgres-rows.ts` reads them. */
const headColumns = ['version', 'kind', 'expires_at_ms', 'retain_until_ms']
const recordColumns = [...headColumns, 'checksum', 'payload']

export type PostgresStatements = ReturnType<typeof postgresStatements>

/** All statements over a replica's table. */
export function postgresStatements(table: string) {
  return {
    readRecords: prepared(readText(table, recordColumns)),
    readHeads: prepared(readText(table, headColumns)),
    readLongKeys: prepared(readText(table, ['long_key'])),
    put: prepared(putText(table, { mends: false })),
    mend: prepared(putText(table, { mends: true })),
    readRefusals: prepared(refusalsText(table)),
    purge: prepared(purgeText(table)),
    scan: prepared(scanText(table)),
    lineage: prepared(lineageText(table, clusterColumns)),
    lineageOfTable: prepared(lineageText(table, [])),
    beginLineage: { text: beginLineageText(table) },
  }
}

/**
 * The name tells the text: behind a pooler that shares server connections among clients, a statement prepared under
 * the same name by another client is the same statement.
 */
function prepared(text: string): Statement {
  return { text, name: `keyv_quorum_${hash('sha256', text).slice(0, 24)}` }
}

/**
 * $1 key hashes, $2 stored keys. A lookup a key, whatever the planner believes about the size of the table: a plan made
 * while it was small stays in use while it grows.
 */
function readText(table: string, columns: readonly string[]): string {
  return `
    SELECT wanted.place, ${columns.map((column) => `found.${column}`).join(', ')}
    FROM unnest($1::bigint[], $2::text[]) WITH ORDINALITY AS wanted (key_hash, key, place)
    CROSS JOIN LATERAL (
      SELECT ${columns.join(', ')} FROM ${table} AS held
      WHERE held.key_hash = wanted.key_hash AND held.key = wanted.key
      LIMIT 1
    ) AS found`
}

/**
 * $1 key hashes, $2 stored keys, $3 long keys, $4 versions, $5 kinds, $6 expiresAtMs, $7 retainUntilMs, $8 checksums,
 * $9 payloads; to mend also $10, the identity of what each may replace although it seems newer: it travels in `replaced`,
 * because a row that is to be inserted has its columns and nothing else. Gives a row for each record that was stored or whose retention grew; the others were refused.
 *
 * A row locked by ON CONFLICT is compared and changed in its newest committed state, and so is `replaced`, which is
 * why it is a column: RETURNING gives what this very statement replaced, however many writers there are. (Reading
 * the row beforehand, locked, costs about as much and misses rows inserted meanwhile; RETURNING OLD needs PostgreSQL 18.)
 */
function putText(table: string, { mends }: { readonly mends: boolean }): string {
  const sameStamp = 'excluded.version = held.version AND excluded.kind = held.kind'
  const sameRecord = mends ? 'false' : `${sameStamp} AND excluded.payload = held.payload AND ${isReadable}`
  return `
    INSERT INTO ${table} AS held
      (key_hash, key, long_key, version, kind, expires_at_ms, retain_until_ms, checksum, payload${mends ? ', replaced' : ''})
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::bigint[], $7::bigint[],
      $8::text[], $9::text[]${mends ? ', $10::text[]' : ''})
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
    RETURNING key, retain_until_ms, replaced`
}

const isTime = `BETWEEN 0 AND ${foreverMs}`

/** As `postgres-rows.ts` tells a head that can be read; a record without one counts as older than any. */
const isReadable = `(
  held.version ~ '^[0-9a-f]{28}$' AND held.checksum ~ '^[1-5][0-9]{9}$' AND held.kind IN (0, 1)
  AND held.retain_until_ms ${isTime} AND (held.expires_at_ms IS NULL OR held.expires_at_ms ${isTime})
)`

/**
 * $1 key hashes, $2 stored keys, $3 versions, $4 kinds. What is held, with the checksum; the payload only where it
 * decides.
 */
function refusalsText(table: string): string {
  return `
    SELECT wanted.place, ${headColumns.map((column) => `found.${column}`).join(', ')}, found.checksum,
      CASE WHEN found.version = wanted.version AND found.kind = wanted.kind THEN found.payload END
    FROM unnest($1::bigint[], $2::text[], $3::text[], $4::smallint[]) WITH ORDINALITY
      AS wanted (key_hash, key, version, kind, place)
    CROSS JOIN LATERAL (
      SELECT ${recordColumns.join(', ')} FROM ${table} AS held
      WHERE held.key_hash = wanted.key_hash AND held.key = wanted.key
      LIMIT 1
    ) AS found`
}

/** $1 key hashes, $2 stored keys, $3 versions. A row that changes meanwhile is compared again before it is deleted. */
function purgeText(table: string): string {
  return `
    DELETE FROM ${table} AS held
    USING unnest($1::bigint[], $2::text[], $3::text[]) WITH ORDINALITY AS named (key_hash, key, version, place)
    WHERE held.key_hash = named.key_hash AND held.key = named.key AND held.version = named.version
    RETURNING named.place`
}

/**
 * $1 hash and $2 stored key to start at, $3 hash to end before, $4 how many rows to look at, $5 prefix. Gives those with
 * the prefix, those whose key is not in the index, and the last one, which tells where the next page starts: a page
 * ends after so many rows even where none has the prefix. Answered by the index alone.
 */
function scanText(table: string): string {
  const columns = ['key_hash', 'key', ...headColumns, 'checksum'].join(', ')
  return `
    SELECT ${columns}, seen
    FROM (
      SELECT ${columns}, row_number() OVER (ORDER BY key_hash, key) AS place, count(*) OVER () AS seen
      FROM (
        SELECT ${columns} FROM ${table}
        WHERE (key_hash, key) >= ($1::bigint, $2::text) AND key_hash < $3::bigint
        ORDER BY key_hash, key
        LIMIT $4::bigint
      ) AS page
    ) AS numbered
    WHERE starts_with(key, $5::text) OR starts_with(key, chr(${digestMark.charCodeAt(0)})) OR place = seen
    ORDER BY key_hash, key`
}

/**
 * Beside the table's own id: which server, which table, and which timeline, which changes when a standby takes over that
 * may not have had every acknowledged write. Where commits do not wait for the disk, a restart may lose some as well.
 */
const clusterColumns = [
  '(SELECT system_identifier FROM pg_control_system())',
  'CASE WHEN NOT pg_is_in_recovery() THEN left(pg_walfile_name(pg_current_wal_lsn()), 8) END',
  "CASE current_setting('synchronous_commit') WHEN 'off' THEN extract(epoch FROM pg_postmaster_start_time()) END",
]

function lineageText(table: string, columns: readonly string[]): string {
  const all = ['payload', 'tableoid', 'pg_is_in_recovery()', ...columns]
  return `SELECT ${all.join(', ')} FROM ${table} WHERE key_hash = ${lineageHash} AND key = ''`
}

/** $1 the new id. The row lives in the data table, so that whatever empties the table takes it along. */
function beginLineageText(table: string): string {
  return `
    INSERT INTO ${table} (key_hash, key, version, kind, retain_until_ms, checksum, payload)
    VALUES (${lineageHash}, '', '', 0, 0, '', $1)
    ON CONFLICT (key_hash, key) DO NOTHING`
}

/**
 * In one transaction, by the simple protocol: the table never exists without its lineage.
 *
 * One index does for everything: lookups, and ranges of hashes read without the table itself. Measured, it makes an update
 * 1.3 times as dear as a bare primary key does, and a second index for the ranges 1.7 times.
 */
export function creationScript(
  table: string,
  options: { readonly schemaToCreate: string | null; readonly lock: number; readonly lineage: string },
): string {
  const createSchema = options.schemaToCreate === null ? '' : `CREATE SCHEMA IF NOT EXISTS ${options.schemaToCreate};`
  return `
    SELECT pg_advisory_xact_lock(${lockClass}, ${options.lock});
    ${createSchema}
    CREATE TABLE IF NOT EXISTS ${table} (
      key_hash bigint NOT NULL,
      retain_until_ms bigint NOT NULL,
      expires_at_ms bigint,
      kind smallint NOT NULL,
      version text COLLATE "C" NOT NULL,
      checksum text COLLATE "C" NOT NULL,
      key text COLLATE "C" NOT NULL,
      long_key text COLLATE "C",
      payload text COLLATE "C" NOT NULL,
      replaced text COLLATE "C",
      PRIMARY KEY (key_hash, key) INCLUDE (${[...headColumns, 'checksum'].join(', ')})
    ) WITH (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05);
    ${beginLineageText(table).replace('$1', `'${options.lineage}'`)}`
}

/** The first half of advisory lock keys: the ASCII codes of "kvqm". */
const lockClass = 0x6b76716d
