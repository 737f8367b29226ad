import { startControlledServer } from './controlled-server.ts'
import { freePort, onFreePort } from './free-port.ts'
import { redisCommand } from './redis-command.ts'
import { redisProcess } from './redis-process.ts'
import type { TestServer } from './test-server.ts'

const MASTERS = 3
const SLOTS = 16_384

/** A Redis Cluster; what is done to it is done to all its masters. Always controllable. */
export interface TestRedisCluster extends TestServer {
  /** One of each master. */
  readonly urls: readonly string[]
}

interface Master {
  readonly url: string
  readonly port: number
  readonly busPort: number
  /** Its share of the slots, both ends included. */
  readonly slots: readonly [number, number]
}

/** Three masters without copies, and all slots served. */
export async function startRedisCluster(): Promise<TestRedisCluster> {
  return onFreePort(async (port) => {
    const ports = [port, await freePort(), await freePort()]
    const masters = await Promise.all(ports.map(describeMaster))
    const process = await redisProcess(
      masters.map((master) => ({ port: master.port, role: 'server', settings: clusterSettings(master) })),
    )
    const isReady = () => formCluster(masters)
    const url = `redis://127.0.0.1:${port}`
    const server = await startControlledServer({ url, port, process, isReady })
    return { ...server, urls: masters.map((master) => master.url) }
  })
}

async function describeMaster(port: number, index: number): Promise<Master> {
  const firstSlot = Math.floor((index * SLOTS) / MASTERS)
  const lastSlot = Math.floor(((index + 1) * SLOTS) / MASTERS) - 1
  return { url: `redis://127.0.0.1:${port}`, port, busPort: await freePort(), slots: [firstSlot, lastSlot] }
}

function clusterSettings(master: Master): string[] {
  return [
    'cluster-enabled yes',
    `cluster-port ${master.busPort}`,
    'cluster-announce-ip 127.0.0.1',
    'cluster-node-timeout 2000',
    'appendonly no',
  ]
}

/** Takes the steps that are missing; true when every master serves every slot. Safe to repeat. */
async function formCluster(masters: readonly Master[]): Promise<boolean> {
  const infos = await Promise.all(masters.map((master) => redisCommand(master.url, 'CLUSTER', 'INFO')))
  const isFormed = infos.every((info) => has(info, 'cluster_state:ok') && has(info, `cluster_known_nodes:${MASTERS}`))
  if (isFormed) return true
  const isNew = infos.every((info) => has(info, 'cluster_known_nodes:1'))
  if (isNew) await introduce(masters, infos)
  return false
}

async function introduce(masters: readonly Master[], infos: readonly unknown[]): Promise<void> {
  for (const [index, { url, port, busPort, slots }] of masters.entries()) {
    if (has(infos[index], 'cluster_slots_assigned:0')) {
      await redisCommand(url, 'CLUSTER', 'ADDSLOTSRANGE', ...slots.map(String))
    }
    const first = masters[0]
    if (first === undefined || index === 0) continue
    await redisCommand(first.url, 'CLUSTER', 'MEET', '127.0.0.1', String(port), String(busPort))
  }
}

function has(info: unknown, line: string): boolean {
  return String(info).split('\r\n').includes(line)
}
