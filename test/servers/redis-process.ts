import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { binaryEnvironment } from './binaries.ts'
import { LocalGroup } from './local-group.ts'
import { LocalProcess } from './local-process.ts'
import type { ServerProcess } from './server-process.ts'
import type { ContainerImage, ServerBinary } from './server-source.ts'
import { serverSources } from './sources.ts'
import { openWorkspace } from './workspace.ts'

export interface RedisNode {
  readonly port: number
  readonly role: 'server' | 'sentinel'
  /** Lines of the configuration file besides the port, the address and the folder. */
  readonly settings: readonly string[]
}

/** Redis servers that live and die together, not launched yet, from the first source that a test can control. */
export async function redisProcess(nodes: readonly RedisNode[]): Promise<ServerProcess> {
  for (const source of (await serverSources()).redis) {
    if (source.kind === 'testcontainers') return redisContainer(source, nodes)
    if (source.kind === 'binary') return localRedis(source, nodes)
  }
  throw new Error('there is no Redis server that a test can freeze or kill: only given URLs')
}

async function localRedis(source: ServerBinary, nodes: readonly RedisNode[]): Promise<ServerProcess> {
  return new LocalGroup(await Promise.all(nodes.map((node) => localRedisNode(source, node))))
}

async function localRedisNode(source: ServerBinary, node: RedisNode): Promise<LocalProcess> {
  const folder = openWorkspace().newFolder('redis')
  const data = join(folder, 'data')
  const configFile = join(folder, 'redis.conf')
  const wipe = async () => {
    await rm(data, { recursive: true, force: true })
    await mkdir(data)
    await writeFile(configFile, configText(node, '127.0.0.1', data))
  }
  await wipe()
  return new LocalProcess({
    file: join(source.folder, 'redis-server'),
    args: [configFile, ...roleArguments(node)],
    env: binaryEnvironment(source.libraryPath),
    stopSignal: 'SIGTERM',
    folder,
    wipe,
  })
}

/** All nodes share one container, so that they reach each other, and are reached, at the same address. */
async function redisContainer(source: ContainerImage, nodes: readonly RedisNode[]): Promise<ServerProcess> {
  const commands = nodes.map((node) => {
    const folder = `/tmp/redis-${node.port}`
    const config = `${folder}/redis.conf`
    const text = configText(node, '0.0.0.0', folder)
    const create = `[ -e ${config} ] || { mkdir -p ${folder} && printf '%s' '${text}' > ${config}; }`
    return `${create}; redis-server ${config} ${roleArguments(node).join(' ')} & pids="$pids $!"`
  })
  const { containerProcess } = await import('./container-process.ts')
  return containerProcess({
    image: source.image,
    command: ['sh', '-c', `trap 'kill $pids' TERM\n${commands.join('\n')}\nwait\nwait`],
    ports: nodes.map((node) => node.port),
    env: {},
  })
}

function configText(node: RedisNode, address: string, folder: string): string {
  const network = [`port ${node.port}`, `bind ${address}`, 'protected-mode no', `dir ${folder}`]
  const persistence = node.role === 'server' ? ['save ""'] : []
  return [...network, ...persistence, ...node.settings, ''].join('\n')
}

function roleArguments(node: RedisNode): string[] {
  return node.role === 'sentinel' ? ['--sentinel'] : []
}
