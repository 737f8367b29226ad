import type { ImportEntry } from '../../src/import/import-source.ts'

/** What the columns of a table of `@keyv/postgres` or `@keyv/sqlite` tell about who made it. */
export interface TableForm {
  /** keyv 6 keeps the namespace in a column of its own; keyv 5 puts it before the key. */
  readonly hasNamespaces: boolean
  readonly hasExpiry: boolean
}

/** @returns null when the columns are not those of a Keyv table */
export function tableForm(columns: readonly string[]): TableForm | null {
  if (!columns.includes('key') || !columns.includes('value')) return null
  return { hasNamespaces: columns.includes('namespace'), hasExpiry: columns.includes('expires') }
}

/** A row: key, value, and the time where there is one. */
export type SqlRow = readonly [key: unknown, value: unknown, expires: unknown]

export const pageRows = 500

/** The rows after a key, by key, so that rows that come and go meanwhile move nothing past the reader. */
export type SelectAfter = (lastKey: string | null) => Promise<readonly SqlRow[]>

export async function* pagesBy(selectAfter: SelectAfter): AsyncGenerator<ImportEntry[]> {
  let lastKey: string | null = null
  for (;;) {
    const rows: readonly SqlRow[] = await selectAfter(lastKey)
    yield rows.map(entryOf)
    if (rows.length < pageRows) return
    lastKey = String(rows.at(-1)?.[0])
  }
}

function entryOf([key, stored, expires]: SqlRow): ImportEntry {
  const entry = { key: String(key), stored }
  return expires === null || expires === undefined ? entry : { ...entry, expiresAtMs: Number(expires) }
}

/** What the SELECT of a page is made of. */
export interface SelectParts {
  readonly form: TableForm
  /** Quoted. */
  readonly table: string
  readonly namespace: string
  /** How the statement names its parameters, from 1. */
  readonly parameter: (place: number) => string
}

/**
 * The statement with its parameters; the first is the namespace, or what keyv 5 puts before its keys.
 */
export function selectPage({ form, table, namespace, parameter }: SelectParts, lastKey: string | null) {
  const start = parameter(1)
  const inNamespace = form.hasNamespaces
    ? `COALESCE(namespace, '') = ${start}`
    : `substr(key, 1, length(${start})) = ${start}`
  const after = lastKey === null ? '' : ` AND key > ${parameter(2)}`
  const values = [form.hasNamespaces || namespace === '' ? namespace : `${namespace}:`]
  return {
    text:
      `SELECT key, value, ${form.hasExpiry ? 'expires' : 'NULL'} FROM ${table} ` +
      `WHERE ${inNamespace}${after} ORDER BY key LIMIT ${pageRows}`,
    values: lastKey === null ? values : [...values, lastKey],
  }
}

export function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`
}
