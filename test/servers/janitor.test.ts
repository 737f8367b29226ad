import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, expect, test } from 'vitest'
import { postgresCommand } from './postgres-command.ts'
import { redisCommand } from './redis-command.ts'
import { waitUntil } from './wait-until.ts'

interface Harness {
  readonly redisUrl: string
  readonly postgresUrl: string
  readonly folder: string
}

const harness = spawn(process.execPath, [join(import.meta.dirname, 'janitor-harness.ts')], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
afterEach(() => {
  harness.kill('SIGKILL')
})

test('servers, frozen ones too, and their folders do not outlive a killed test process', async () => {
  const lines = createInterface({ input: harness.stdout })
  const [line] = await once(lines, 'line')
  const { redisUrl, postgresUrl, folder } = JSON.parse(line) as Harness
  expect(await redisCommand(redisUrl, 'PING')).toBe('PONG')
  expect(existsSync(folder)).toBe(true)

  harness.kill('SIGKILL')

  await waitUntil(() => isRefused(redisCommand(redisUrl, 'PING')), { what: 'the end of Redis' })
  await waitUntil(() => isRefused(postgresCommand(postgresUrl, 'SELECT 1')), { what: 'the end of PostgreSQL' })
  await waitUntil(() => !existsSync(folder), { what: 'the removal of the folder' })
})

async function isRefused(answer: Promise<unknown>): Promise<boolean> {
  return answer.then(
    () => false,
    (error) => /ECONNREFUSED|ECONNRESET/.test(String(error)),
  )
}
