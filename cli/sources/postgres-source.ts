import { loadPgDriver, type PgClient } from '../../adapters/postgres/postgres-driver.ts'
import { parsePostgresUri } from '../../adapters/postgres/postgres-uri.ts'
import { ConfigError } from '../../src/errors.ts'
import type { ClosableSource, UriSourceOptions } from './closable-source.ts'
import { pagesBy, quoted, type SqlRow, selectPage, tableForm } from './sql-page.ts'

const connectTimeoutMs = 5_000
const types = { getTypeParser: () => (text: string) => text }

/** The rows of a table of `@keyv/postgres`, of either series, read in transactions that cannot write. */
export function postgresSource(uri: string, { namespace = '', table, schema }: UriSourceOptions): ClosableSource {
  // Read once here for its errors: those of the driver may repeat the URI.
  parsePostgresUri(uri)
  let client: PgClient | null = null
  return {
    async *pages() {
      const driver = await loadPgDriver()
      const connected = new driver.Client({ connectionString: uri, connectionTimeoutMillis: connectTimeoutMs })
      // Every failure rejects a query too; without a listener it would end the process.
      connected.on('error', () => undefined)
      client = connected
      await connected.connect()
      await select(connected, 'SET default_transaction_read_only = on')
      const form = tableForm((await select(connected, columnsOf, [schema, table])).map(([name]) => String(name)))
      const name = `${schema}.${table}`
      if (form === null) throw new ConfigError('--table', `the table of a Keyv, and ${name} is none in this database`)
      const parts = { form, table: `${quoted(schema)}.${quoted(table)}`, namespace, parameter }
      yield* pagesBy(async (lastKey) => {
        const { text, values } = selectPage(parts, lastKey)
        return select(connected, text, values)
      })
    },
    close() {
      client?.connection.stream.destroy()
    },
  }
}

const columnsOf = 'SELECT column_name FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2'

function parameter(place: number): string {
  return `$${place}::text`
}

async function select(client: PgClient, text: string, values: readonly string[] = []): Promise<SqlRow[]> {
  const { rows } = await client.query({ text, values, rowMode: 'array', types })
  return rows.map(([key, value, expires]) => [key, value, expires])
}
