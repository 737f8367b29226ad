import pg from 'pg'

export interface HeldTransaction extends AsyncDisposable {
  run(statement: string): Promise<void>
  /** Undoes it, and with it whatever it has locked. */
  release(): Promise<void>
}

/** Begins a transaction with these statements and leaves it open. */
export async function holdTransaction(uri: string, ...statements: readonly string[]): Promise<HeldTransaction> {
  const client = new pg.Client(uri)
  client.on('error', () => undefined)
  await client.connect()
  let isHeld = true
  const held: HeldTransaction = {
    run: async (statement) => void (await client.query(statement)),
    async release() {
      if (isHeld) await client.end()
      isHeld = false
    },
    [Symbol.asyncDispose]: () => held.release(),
  }
  for (const statement of ['BEGIN', ...statements]) await held.run(statement)
  return held
}
