import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startRedis } from '../servers/redis.ts'
import { redisCommand } from '../servers/redis-command.ts'
import type { TestServer } from '../servers/test-server.ts'

const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))

function start(given: readonly string[], cwd: string): ChildProcess {
  const env = { ...process.env, NO_COLOR: '1', NODE_OPTIONS: '--disable-warning=ExperimentalWarning' }
  return spawn(process.execPath, [main, ...given], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
}

async function ended(child: ChildProcess) {
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const [stdout, stderr, exitCode] = await Promise.all([read(child.stdout), read(child.stderr), exit])
  return { stdout, stderr, exitCode }
}

async function read(stream: ChildProcess['stdout']): Promise<string> {
  return stream === null ? '' : text(stream)
}

describe('the command as a process', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keyv-quorum-main-'))
    const replicas = ['a', 'b', 'c'].map((id) => `sqlite://${join(folder, id)}.db`)
    // A busy machine is no reason for another outcome.
    const configuration = { replicas, deadlineMs: 30_000, callTimeoutMs: 30_000 }
    await writeFile(join(folder, 'quorum.json'), JSON.stringify(configuration))
  })
  afterEach(() => rm(folder, { recursive: true }))

  const replicas = ['--config', 'quorum.json']

  test('prints its version', async () => {
    const { stdout, exitCode } = await ended(start(['--version'], folder))
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect(exitCode).toBe(0)
  })

  test('says what is wrong without a stack, and ends with 2', async () => {
    const { stderr, exitCode } = await ended(start(['status', '--replica', 'sqlite://'], folder))
    expect(stderr).toMatch(/^error: replicas\[0\]: expected a path after sqlite:\/\//)
    expect(stderr).not.toContain('    at ')
    expect(exitCode).toBe(2)
  })

  test('is all about the store: an empty one is fine', async () => {
    const { stdout, stderr, exitCode } = await ended(start(['verify', ...replicas], folder))
    expect([stdout, stderr, exitCode]).toEqual(['All 3 replicas hold the same.\n', '', 0])
  })

  describe('that reads from a server that never answers', () => {
    let server: Server
    let uri: string
    let isConnected: Promise<unknown>
    beforeEach(async () => {
      server = createServer()
      isConnected = new Promise((resolve) => server.once('connection', resolve))
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const address = server.address()
      uri = `redis://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
    })
    afterEach(() => {
      server.close()
    })

    test('ends in order at Ctrl-C', async () => {
      const child = start(['import', uri, ...replicas], folder)
      await isConnected
      child.kill('SIGINT')
      const { stderr, exitCode } = await ended(child)
      expect(stderr).toBe('interrupted: ending in order; Ctrl-C again ends at once\n')
      expect(exitCode).toBe(130)
    })
  })

  describe('over a real Redis', () => {
    let redis: TestServer
    beforeEach(async () => {
      redis = await startRedis()
    })
    afterEach(() => redis.stop())

    test('imports from it, and finds what it imported', async () => {
      await redisCommand(redis.url, 'SET', 'ns::k', '{"value":{"n":1}}')
      await redisCommand(redis.url, 'SET', 'ns::short', '{"value":2}', 'PX', '3600000')
      const imported = await ended(start(['import', redis.url, '--namespace', 'ns', '--json', ...replicas], folder))
      expect(JSON.parse(imported.stdout)).toMatchObject({ read: 2, imported: 2, kept: 0, skipped: 0 })
      const { stdout } = await ended(start(['get', 'short', '-n', 'ns', '--explain', '--json', ...replicas], folder))
      const [holding] = JSON.parse(stdout).replicas
      expect(Math.abs(holding.holds.expiresAtMs - Date.now() - 3_600_000)).toBeLessThan(120_000)
      const got = await ended(start(['get', 'k', '-n', 'ns', ...replicas], folder))
      expect(got.stdout).toBe('{\n  "n": 1\n}\n')
    })
  })
})
