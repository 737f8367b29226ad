import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { binaryEnvironment } from './binaries.ts'
import { LocalProcess } from './local-process.ts'
import type { ServerProcess } from './server-process.ts'
import { type ServerBinary, serverSources } from './sources.ts'
import { openWorkspace } from './workspace.ts'

export interface RedisNode {
  readonly port: number
  /** Arguments of `redis-server` besides the port, the address and the folder. */
  readonly args: readonly string[]
}

/** One Redis server, not launched yet, from the first source that a test can freeze and kill. */
export async function redisProcess(node: RedisNode): Promise<ServerProcess> {
  for (const source of (await serverSources()).redis) {
    if (source.kind === 'binary') return localRedis(source, node)
  }
  throw new Error('there is no Redis server that a test can freeze or kill: only given URLs')
}

async function localRedis(source: ServerBinary, node: RedisNode): Promise<ServerProcess> {
  const folder = openWorkspace().newFolder('redis')
  const data = join(folder, 'data')
  await mkdir(data)
  return new LocalProcess({
    file: join(source.folder, 'redis-server'),
    args: ['--port', String(node.port), '--bind', '127.0.0.1', '--dir', data, '--save', '', ...node.args],
    env: binaryEnvironment(source.libraryPath),
    stopSignal: 'SIGTERM',
    folder,
    async wipe() {
      await rm(data, { recursive: true })
      await mkdir(data)
    },
  })
}
