import { execFile } from 'node:child_process'
import { chownSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { binaryEnvironment } from './binaries.ts'
import type { ServerBinary } from './server-source.ts'
import { openWorkspace } from './workspace.ts'

const run = promisify(execFile)
const NOBODY = 65_534
const templateVariable = 'KEYV_QUORUM_TEST_POSTGRES_TEMPLATE'

let template: Promise<string> | undefined

/** PostgreSQL refuses to run as root; null when this process is somebody else already. */
export function postgresUserId(): number | null {
  return process.getuid?.() === 0 ? NOBODY : null
}

/** Makes a data folder with an empty database; what was there is lost. */
export async function copyPostgresTemplate(source: ServerBinary, target: string): Promise<void> {
  template ??= Promise.resolve(process.env[templateVariable] ?? createTemplate(source))
  await rm(target, { recursive: true, force: true })
  await run('cp', ['-a', await template, target])
}

/** Makes the template for all worker processes of a test run. */
export async function publishPostgresTemplate(source: ServerBinary): Promise<void> {
  process.env[templateVariable] = await createTemplate(source)
}

async function createTemplate(source: ServerBinary): Promise<string> {
  const folder = openWorkspace().newFolder('postgres-template')
  const data = join(folder, 'data')
  const userId = postgresUserId()
  if (userId !== null) chownSync(folder, userId, userId)
  await run(
    join(source.folder, 'initdb'),
    ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--no-locale', '--no-sync', '--wal-segsize=1'],
    {
      cwd: folder,
      env: binaryEnvironment(source.libraryPath),
      ...(userId === null ? {} : { uid: userId, gid: userId }),
    },
  )
  return data
}
