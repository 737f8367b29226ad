import { postgresCommand } from './postgres-command.ts'
import { waitUntil } from './wait-until.ts'

/**
 * Waits until nobody else is connected to a database that is to go away. A pool says that it is closed while the server has
 * yet to read its goodbye; what the server tells such a connection at its own end, nobody listens to, and it would end the
 * process. A test may leave connections open on purpose, so this gives up quietly.
 */
export async function letSessionsEnd(url: string): Promise<void> {
  const others = `SELECT 1 FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`
  const isAlone = async () => (await postgresCommand(url, others)) === 0
  await waitUntil(isAlone, { what: 'the end of all sessions', timeoutMs: 2_000 }).catch(() => undefined)
}
