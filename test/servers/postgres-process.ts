import { join } from 'node:path'
import { binaryEnvironment } from './binaries.ts'
import { LocalProcess } from './local-process.ts'
import { copyPostgresTemplate, postgresUserId } from './postgres-template.ts'
import type { ServerProcess } from './server-process.ts'
import type { ContainerImage, ServerBinary } from './server-source.ts'
import { serverSources } from './sources.ts'
import { openWorkspace } from './workspace.ts'

// Safe when a process is killed, which is all that tests do; only a crash of the whole machine could lose data.
const settings = ['fsync=off', 'full_page_writes=off', 'shared_buffers=16MB', 'max_connections=100']

/** A PostgreSQL server, not launched yet, from the first source that a test can freeze and kill. */
export async function postgresProcess(port: number): Promise<ServerProcess> {
  for (const source of (await serverSources()).postgres) {
    if (source.kind === 'testcontainers') return postgresContainer(source, port)
    if (source.kind === 'binary') return localPostgres(source, port)
  }
  throw new Error('there is no PostgreSQL server that a test can freeze or kill: only given URLs')
}

async function localPostgres(source: ServerBinary, port: number): Promise<ServerProcess> {
  const folder = openWorkspace().newFolder('postgres')
  const data = join(folder, 'data')
  await copyPostgresTemplate(source, data)
  const userId = postgresUserId()
  return new LocalProcess({
    file: join(source.folder, 'postgres'),
    args: ['-D', data, '-c', 'unix_socket_directories=', ...serverArguments(port, '127.0.0.1')],
    env: binaryEnvironment(source.libraryPath),
    ...(userId === null ? {} : { userId }),
    // What PostgreSQL calls a fast shutdown: it does not wait for clients.
    stopSignal: 'SIGINT',
    folder,
    wipe: () => copyPostgresTemplate(source, data),
  })
}

async function postgresContainer(source: ContainerImage, port: number): Promise<ServerProcess> {
  const { containerProcess } = await import('./container-process.ts')
  return containerProcess({
    image: source.image,
    command: ['postgres', ...serverArguments(port, '*')],
    ports: [port],
    env: { POSTGRES_HOST_AUTH_METHOD: 'trust' },
  })
}

function serverArguments(port: number, address: string): string[] {
  const all = [...settings, `port=${port}`, `listen_addresses=${address}`]
  return all.flatMap((setting) => ['-c', setting])
}
