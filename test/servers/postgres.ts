import { startControlledServer } from './controlled-server.ts'
import { onFreePort } from './free-port.ts'
import { createGivenDatabase } from './given-postgres.ts'
import { postgresCommand } from './postgres-command.ts'
import { postgresProcess } from './postgres-process.ts'
import { letSessionsEnd } from './postgres-sessions.ts'
import { serverSources } from './sources.ts'
import type { TestServer } from './test-server.ts'

export interface StartPostgresOptions {
  /** The test freezes, kills or restarts the server, so one that was given by URL does not do. Default false. */
  readonly controllable?: boolean
}

/** A PostgreSQL server with an empty database; the user of its URL may do everything. */
export async function startPostgres(options: StartPostgresOptions = {}): Promise<TestServer> {
  if (!options.controllable) {
    const given = await createGivenDatabase((await serverSources()).postgres)
    if (given !== null) return given
  }
  return onFreePort(startOwnPostgres)
}

async function startOwnPostgres(port: number): Promise<TestServer> {
  const process = await postgresProcess(port)
  const url = `postgres://postgres@${process.host}:${port}/postgres`
  const server = await startControlledServer({
    url,
    port,
    process,
    isReady: async () => (await postgresCommand(url, 'SELECT 1')) === 1,
  })
  return {
    ...server,
    stop: async () => {
      await letSessionsEnd(url)
      await server.stop()
    },
  }
}
