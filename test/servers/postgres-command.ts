import pg from 'pg'

/** Runs one statement over a connection of its own; resolves with the number of rows. */
export async function postgresCommand(url: string, statement: string): Promise<number> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000, query_timeout: 10_000 })
  // A connection that breaks also rejects the call; without a listener it would end the process.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return (await client.query(statement)).rowCount ?? 0
  } finally {
    await client.end().catch(() => undefined)
  }
}
