/** Keys have hashes from 0 up, so no key can be that of the row that holds the lineage. */
const lineageHash = -1

export const lineageRow = `key_hash = ${lineageHash} AND key = ''`

/** Another row beside it: until when puts that are not in the log of changes may come. */
export const unloggedRow = `key_hash = ${lineageHash} AND key = 'unlogged'`

/** The columns and the fields of a row that is no record; `retain_until_ms` and `payload` hold what it tells. */
export const ownRowColumns = '(key_hash, key, version, kind, retain_until_ms, checksum, payload)'

export function ownRow(key: string, retainUntilMs: string, payload: string): string {
  return `${lineageHash}, '${key}', '', 0, ${retainUntilMs}, '', ${payload}`
}

/**
 * How much an answer's mark tells. Of the table: the id in its own row, which is lost with the data, and the table's own
 * number, which a table made anew from a copy does not have. Of the server: when it was started, too; a server does not
 * change its timeline, nor lose what it wrote, without being started again or having been a standby.
 */
export type MarkScope = 'table' | 'server'

const tableMark = `concat(payload, '-', tableoid)`

export function markText(scope: MarkScope): string {
  return scope === 'table' ? tableMark : `${tableMark} || '-' || extract(epoch FROM pg_postmaster_start_time())`
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

/** Whether it is a standby, the mark, and what the lineage is made of. */
export function lineageText(table: string, scope: MarkScope): string {
  const parts = ['payload', 'tableoid', ...(scope === 'server' ? clusterColumns : [])]
  return `SELECT pg_is_in_recovery(), ${markText(scope)}, ${parts.join(', ')} FROM ${table} WHERE ${lineageRow}`
}

/** $1 the new id. The row lives in the data table, so that whatever empties the table takes it along. */
export function beginLineageText(table: string): string {
  return `
    INSERT INTO ${table} ${ownRowColumns} VALUES (${ownRow('', '0', '$1')})
    ON CONFLICT (key_hash, key) DO NOTHING`
}
