import { startControlledServer } from './controlled-server.ts'
import { onFreePort } from './free-port.ts'
import { claimGivenRedis } from './given-redis.ts'
import { redisCommand } from './redis-command.ts'
import { redisProcess } from './redis-process.ts'
import { serverSources } from './sources.ts'
import type { TestServer } from './test-server.ts'

export interface StartRedisOptions {
  /** Every acknowledged write survives {@link TestServer.kill}; without it, a restart finds nothing. Default false. */
  readonly appendOnly?: boolean
  /** The test freezes, kills or restarts the server, so one that was given by URL does not do. Default false. */
  readonly controllable?: boolean
}

/** An empty Redis server. */
export async function startRedis(options: StartRedisOptions = {}): Promise<TestServer> {
  const { appendOnly = false, controllable = false } = options
  if (!controllable && !appendOnly) {
    const given = await claimGivenRedis((await serverSources()).redis)
    if (given !== null) return given
  }
  return onFreePort((port) => startOwnRedis(port, appendOnly))
}

async function startOwnRedis(port: number, appendOnly: boolean): Promise<TestServer> {
  const settings = appendOnly ? ['appendonly yes', 'appendfsync always'] : ['appendonly no']
  const process = await redisProcess([{ port, role: 'server', settings }])
  const url = `redis://${process.host}:${port}`
  return startControlledServer({
    url,
    port,
    process,
    isReady: async () => (await redisCommand(url, 'PING')) === 'PONG',
  })
}
