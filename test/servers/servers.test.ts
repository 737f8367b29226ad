import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPostgres } from './postgres.ts'
import { postgresCommand } from './postgres-command.ts'
import { startRedis } from './redis.ts'
import { redisCommand } from './redis-command.ts'
import type { TestServer } from './test-server.ts'

interface Backend {
  readonly name: string
  start(): Promise<TestServer>
  write(url: string): Promise<unknown>
  /** Whether the write is there. */
  holds(url: string): Promise<boolean>
  /** Bytes that every server of this kind answers. */
  readonly greeting: Buffer
}

const postgresTables = "SELECT 1 FROM pg_tables WHERE tablename = 'written'"

const backends: readonly Backend[] = [
  {
    name: 'Redis with its append-only file',
    start: () => startRedis({ appendOnly: true, controllable: true }),
    write: (url) => redisCommand(url, 'SET', 'written', '1'),
    holds: async (url) => (await redisCommand(url, 'EXISTS', 'written')) === 1,
    greeting: Buffer.from('PING\r\n'),
  },
  {
    name: 'PostgreSQL',
    start: () => startPostgres({ controllable: true }),
    write: (url) => postgresCommand(url, 'CREATE TABLE written (id int)'),
    holds: async (url) => (await postgresCommand(url, postgresTables)) === 1,
    // Asks whether the server speaks TLS.
    greeting: Buffer.from('0000000804d2162f', 'hex'),
  },
]

describe.each(backends)('$name', ({ start, write, holds, greeting }) => {
  let server: TestServer

  beforeAll(async () => {
    server = await start()
    await write(server.url)
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test('answers as soon as it is started', async () => {
    expect(await holds(server.url)).toBe(true)
  })

  test('refuses connections after a kill, and has its data when it is started again', async () => {
    await server.kill()
    await expect(holds(server.url)).rejects.toThrow('ECONNREFUSED')
    await server.start()
    expect(await holds(server.url)).toBe(true)
  })

  test('has its data when it is started again after an orderly stop', async () => {
    await server.stop()
    await expect(holds(server.url)).rejects.toThrow('ECONNREFUSED')
    await server.start()
    expect(await holds(server.url)).toBe(true)
  })

  test('accepts connections and answers nothing while it is frozen', async () => {
    server.freeze()
    const socket = connect(server.port, '127.0.0.1')
    await once(socket, 'connect')
    socket.write(greeting)
    const answer = once(socket, 'data')
    expect(await Promise.race([answer, sleep(200, 'silence')])).toBe('silence')
    server.thaw()
    await answer
    socket.destroy()
    expect(await holds(server.url)).toBe(true)
  })

  test('can be killed, stopped and started again while it is frozen', async () => {
    server.freeze()
    await server.kill()
    await server.start()
    server.freeze()
    await server.stop()
    await server.start()
    expect(await holds(server.url)).toBe(true)
  })

  test('holds nothing after it is restarted empty', async () => {
    await server.restartEmpty()
    expect(await holds(server.url)).toBe(false)
  })
})
