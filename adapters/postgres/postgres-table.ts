import { hash } from 'node:crypto'
import { ConfigError } from '../../src/errors.ts'

/** The replica's own table, beside Keyv's. */
export interface PostgresTable {
  readonly schema: string
  readonly name: string
  /** Schema and name, quoted for use in a statement. */
  readonly qualifiedName: string
  /** The same of the table that holds the log of changes. */
  readonly qualifiedChangesName: string
}

/** PostgreSQL cuts longer names without a word, so two tables could become one. */
const nameBytesMax = 63
const changesSuffix = '_changes'

/** @throws ConfigError when a name cannot be one */
export function postgresTable(schema: string, name: string): PostgresTable {
  const quotedSchema = quotedName('schema', schema)
  return {
    schema,
    name,
    qualifiedName: `${quotedSchema}.${quotedName('table', name)}`,
    qualifiedChangesName: `${quotedSchema}.${quotedName('table', changesName(name))}`,
  }
}

function changesName(name: string): string {
  const plain = name + changesSuffix
  return Buffer.byteLength(plain) <= nameBytesMax
    ? plain
    : `keyv_quorum_${hash('sha256', name).slice(0, 24)}${changesSuffix}`
}

export function quotedName(field: string, name: string): string {
  if (name === '' || name.includes('\0') || !name.isWellFormed() || Buffer.byteLength(name) > nameBytesMax) {
    throw new ConfigError(field, `a name of 1 to ${nameBytesMax} bytes`)
  }
  return `"${name.replaceAll('"', '""')}"`
}
