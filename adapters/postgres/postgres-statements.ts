import {
  beginLogText,
  changesColumnCount,
  changesText,
  logStateColumnCount,
  logStateText,
  resetLogText,
  trimText,
} from './changes-statements.ts'
import { digestColumnCount, digestText } from './digest-statement.ts'
import { beginLineageText, lineageText, type MarkScope, markText } from './lineage-statements.ts'
import { prepared, reading, type Statement, type Vouching, writing } from './postgres-statement.ts'
import type { PostgresTable } from './postgres-table.ts'
import { putStatement } from './put-statement.ts'
import { scanColumnCount, scanText } from './scan-statement.ts'

/** The columns of a record's head, in the order in which `postgres-rows.ts` reads them. */
export const headColumns = ['version', 'kind', 'expires_at_ms', 'retain_until_ms']
const recordColumns = [...headColumns, 'checksum', 'payload']

export type PostgresStatements = ReturnType<typeof postgresStatements>
export type StatementName = keyof PostgresStatements

export interface StatementsKind {
  /** How much the marks tell that come with every answer; null for answers without. */
  readonly scope: MarkScope | null
  readonly isLogged: boolean
}

/** All statements over a replica's tables. */
export function postgresStatements(table: PostgresTable, { scope, isLogged }: StatementsKind) {
  const { qualifiedName, qualifiedChangesName } = table
  const vouching = scope === null ? null : { table: qualifiedName, mark: markText(scope) }
  return {
    readRecords: lookup(vouching, qualifiedName, recordColumns),
    readHeads: lookup(vouching, qualifiedName, [...headColumns, 'checksum']),
    readLongKeys: lookup(vouching, qualifiedName, ['long_key']),
    put: putStatement(table, vouching, { mends: false, isLogged }),
    mend: putStatement(table, vouching, { mends: true, isLogged }),
    readRefusals: reading(vouching, headColumns.length + 3, refusalsText(qualifiedName)),
    purge: purgeStatement(qualifiedName, vouching),
    scan: reading(vouching, scanColumnCount, scanText(qualifiedName)),
    digest: reading(vouching, digestColumnCount, digestText(qualifiedName, 'isReadableOrFails')),
    digestOfUnreadable: reading(vouching, digestColumnCount, digestText(qualifiedName, 'isReadable')),
    logState: reading(vouching, logStateColumnCount, logStateText(table)),
    changes: reading(vouching, changesColumnCount, changesText(table)),
    // Marked so that a role that may not keep the log to its size does not write to it either.
    trim: prepared(trimText(table), { logs: true }),
    beginLog: { text: beginLogText(qualifiedChangesName) },
    resetLog: { text: resetLogText(table) },
    lineage: prepared(lineageText(qualifiedName, 'server')),
    lineageOfTable: prepared(lineageText(qualifiedName, 'table')),
    beginLineage: { text: beginLineageText(qualifiedName) },
  } satisfies Record<string, Statement>
}

/**
 * $1 key hashes, $2 stored keys. A lookup a key, whatever the planner believes about the size of the table: a plan made
 * while it was small stays in use while it grows.
 */
function lookup(vouching: Vouching | null, table: string, columns: readonly string[]): Statement {
  return reading(
    vouching,
    columns.length + 1,
    `
    SELECT wanted.place, ${columns.map((column) => `found.${column}`).join(', ')}
    FROM unnest($1::bigint[], $2::text[]) WITH ORDINALITY AS wanted (key_hash, key, place)
    CROSS JOIN LATERAL (
      SELECT ${columns.join(', ')} FROM ${table} AS held
      WHERE held.key_hash = wanted.key_hash AND held.key = wanted.key
      LIMIT 1
    ) AS found`,
  )
}

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
function purgeStatement(table: string, vouching: Vouching | null): Statement {
  return writing(vouching, {
    columnCount: 1,
    parameterCount: 3,
    steps: (guard) => [
      `purged AS (
        DELETE FROM ${table} AS held
        USING unnest($1::bigint[], $2::text[], $3::text[]) WITH ORDINALITY AS named (key_hash, key, version, place)
        WHERE held.key_hash = named.key_hash AND held.key = named.key AND held.version = named.version AND ${guard}
        RETURNING named.place
      )`,
    ],
    answer: 'SELECT place FROM purged',
  })
}
