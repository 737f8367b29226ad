import pg from 'pg'

export interface HeldLock extends AsyncDisposable {
  release(): Promise<void>
}

/** Locks a table, so that every other statement over it waits. */
export async function holdLock(uri: string, table: string): Promise<HeldLock> {
  const client = new pg.Client(uri)
  client.on('error', () => undefined)
  await client.connect()
  await client.query('BEGIN')
  await client.query(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`)
  let isHeld = true
  const release = async () => {
    if (isHeld) await client.end()
    isHeld = false
  }
  return { release, [Symbol.asyncDispose]: release }
}
