import * as vitest from 'vitest'
import { postgresReplica } from '../../adapters/postgres/postgres-replica.ts'
import { storedKey } from '../../adapters/postgres/stored-key.ts'
import { replicaConformance } from '../conformance/replica-conformance.ts'
import { startPostgres } from '../servers/postgres.ts'
import { query } from './postgres-support/sql.ts'
import { serverControl } from './server-control.ts'

const server = await startPostgres({ controllable: true })
vitest.afterAll(() => server[Symbol.asyncDispose]())

replicaConformance(vitest, {
  name: 'postgres',
  guarantees: { putIfNewer: 'atomic', sharedBy: 'network', backend: 'postgres' },
  open: () => postgresReplica(server.url),
  wipe: async () => {
    await query(server.url, 'DROP TABLE IF EXISTS keyv_quorum')
  },
  loseData: async () => {
    await query(server.url, 'TRUNCATE keyv_quorum')
  },
  otherProcess: {
    module: new URL('postgres-support/open-postgres.ts', import.meta.url),
    argument: server.url,
  },
  corruptPayload: (key) => alter("payload = payload || 'x'", key),
  corruptHead: (key) => alter("version = 'no version'", key),
  corruptVersion: (key) => alter("version = '7' || substr(version, 2)", key),
  server: serverControl(server, true),
})

async function alter(assignment: string, key: string): Promise<void> {
  await query(server.url, `UPDATE keyv_quorum SET ${assignment} WHERE key = $1`, [storedKey(key)])
}
