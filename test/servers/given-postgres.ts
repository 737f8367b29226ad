import { randomUUID } from 'node:crypto'
import { postgresCommand } from './postgres-command.ts'
import { letSessionsEnd } from './postgres-sessions.ts'
import type { ServerSource } from './server-source.ts'
import type { TestServer } from './test-server.ts'
import { uncontrollableServer } from './uncontrollable-server.ts'

let next = 0

/** A new database on a PostgreSQL server that was given by URL, dropped at the end; null when none is given. */
export async function createGivenDatabase(sources: readonly ServerSource[]): Promise<TestServer | null> {
  const urls = sources.flatMap((source) => (source.kind === 'url' ? source.urls : []))
  const url = urls[next % urls.length]
  if (url === undefined) return null
  next += 1
  const database = `keyv_quorum_test_${randomUUID().replaceAll('-', '')}`
  await postgresCommand(url, `CREATE DATABASE ${database}`)
  const created = new URL(url)
  created.pathname = `/${database}`
  return uncontrollableServer(created.href, 5432, async () => {
    await letSessionsEnd(created.href)
    await postgresCommand(url, `DROP DATABASE ${database} WITH (FORCE)`)
  })
}
