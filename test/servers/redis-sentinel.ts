import { startControlledServer } from './controlled-server.ts'
import { freePort, onFreePort } from './free-port.ts'
import { redisCommand } from './redis-command.ts'
import { redisProcess } from './redis-process.ts'
import type { TestServer } from './test-server.ts'

/** A Redis master and the sentinel that watches it; what is done to it is done to both. Always controllable. */
export interface TestRedisSentinel extends TestServer {
  readonly sentinels: readonly { readonly host: string; readonly port: number }[]
  readonly masterName: string
}

export async function startRedisSentinel(): Promise<TestRedisSentinel> {
  return onFreePort(async (port) => {
    const masterName = 'testmaster'
    const sentinelPort = await freePort()
    const process = await redisProcess([
      { port, role: 'server', settings: ['appendonly no'] },
      {
        port: sentinelPort,
        role: 'sentinel',
        settings: [`sentinel monitor ${masterName} 127.0.0.1 ${port} 1`, 'sentinel announce-ip 127.0.0.1'],
      },
    ])
    const url = `redis://127.0.0.1:${port}`
    const sentinelUrl = `redis://127.0.0.1:${sentinelPort}`
    const server = await startControlledServer({
      url,
      port,
      process,
      async isReady() {
        const address = await redisCommand(sentinelUrl, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', masterName)
        return String(address) === `127.0.0.1,${port}` && (await redisCommand(url, 'PING')) === 'PONG'
      },
    })
    return { ...server, sentinels: [{ host: '127.0.0.1', port: sentinelPort }], masterName }
  })
}
