import { ConfigError } from '../../src/errors.ts'

/** The replica's own table, beside Keyv's. */
export interface PostgresTable {
  readonly schema: string
  readonly name: string
  /** Schema and name, quoted for use in a statement. */
  readonly qualifiedName: string
}

/** PostgreSQL cuts longer names without a word, so two tables could become one. */
const nameBytesMax = 63

/** @throws ConfigError when a name cannot be one */
export function postgresTable(schema: string, name: string): PostgresTable {
  return { schema, name, qualifiedName: `${quotedName('schema', schema)}.${quotedName('table', name)}` }
}

export function quotedName(field: string, name: string): string {
  if (name === '' || name.includes('\0') || !name.isWellFormed() || Buffer.byteLength(name) > nameBytesMax) {
    throw new ConfigError(field, `a name of 1 to ${nameBytesMax} bytes`)
  }
  return `"${name.replaceAll('"', '""')}"`
}
