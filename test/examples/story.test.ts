import { access, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPostgres } from '../servers/postgres.ts'
import { postgresCommand } from '../servers/postgres-command.ts'
import { startRedis } from '../servers/redis.ts'
import { redisCommand } from '../servers/redis-command.ts'
import type { TestServer } from '../servers/test-server.ts'
import { type Outcome, runExample } from './run-example.ts'

const story = 'examples/story/main.ts'
const stackLine = /^\s+at /m

let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyv-quorum-'))
})

afterAll(() => rm(folder, { recursive: true }))

function storyKeysIn(file: string): unknown[] {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    return database.prepare("SELECT key FROM keyv_quorum WHERE key LIKE 'carts-%'").all()
  } finally {
    database.close()
  }
}

describe('the story over replicas of its own', () => {
  let told: Outcome

  beforeAll(async () => {
    told = await runExample(story, ['--once'], { env: { TMPDIR: folder } })
  })

  test('goes as told', () => {
    expect(told.stderr).toBe('')
    expect(told.exitCode).toBe(0)
    expect(told.stdout).toMatch(/^The end: \d+ claims were checked/m)
  })

  test('shows a write that succeeds without replica 3, and the replica stale when it is back', () => {
    expect(told.stdout).toMatch(/set ada "6 apples" +6 = [0-9a-f]{12} [0-9a-f]{4} [0-9a-f]{12} +3 of 3/)
    expect(told.stdout).toMatch(/set ada "7 apples" +7 = [0-9a-f ]{30} +2 of 3/)
    expect(told.stdout).toMatch(/replica 1 \[7\] {3}replica 2 \[7\] {3}replica 3 \[6\]\n +stale\n/)
  })

  test('shows a read that answers with the newest version and repairs replica 3', () => {
    expect(told.stdout).toMatch(/replica 3 {3}version 6 {3}stale/)
    expect(told.stdout).toContain('get ada  ->  "7 apples"')
    expect(told.stdout).toMatch(/type: 'repair',\n +replica: 'replica-3',\n +key: 'carts-[0-9a-f]{4}:ada',/)
    expect(told.stdout).toContain('replica 1 [7]   replica 2 [7]   replica 3 [7]\n')
  })

  test('shows five replicas that work with two of them down', () => {
    expect(told.stdout).toMatch(/set bob "2 pears" .* 3 of 5/)
    expect(told.stdout).toMatch(/delete cid .* 3 of 5/)
    expect(told.stdout).toContain('get bob  ->  "2 pears"')
    expect(told.stdout).toMatch(/replica 1 \[2\] +replica 2 \[1\] +replica 3 \[2\] +replica 4 \[2\] +replica 5 \[1\]\n/)
  })

  test('shows the error of a lost quorum, whole, and that the write may be seen', () => {
    expect(told.stdout).toMatch(/QuorumError: set needs 3 of 5 replicas, and \d answered:/)
    expect(told.stdout).toMatch(/code +QUORUM_LOST/)
    expect(told.stdout).toMatch(/outcome +unknown/)
    expect(told.stdout).toMatch(/replica 3 {2}UNAVAILABLE {2}switched off by the story/)
    expect(told.stdout).toMatch(/replica 1 \[3\] +replica 2 \[1\] +replica 3 \[2\] +replica 4 \[3\] +replica 5 \[1\]\n/)
  })

  test('shows that everything works again when the replicas are back', () => {
    expect(told.stdout).toMatch(/replica 1 \[4\] +replica 2 \[4\] +replica 3 \[4\] +replica 4 \[4\] +replica 5 \[4\]\n/)
    expect(told.stdout).toMatch(/quorum-lost +set needed 3/)
    expect(told.stdout).toMatch(/replica-up +replica 5 +answers again/)
  })

  test('shows empty replicas that join, and one that lost everything, filled before they count', () => {
    expect(told.stdout).toMatch(/replica-joining +replica 4 +nothing is on record about it/)
    expect(told.stdout).toMatch(
      /replica 1 \[8\] +replica 2 \[8\] +replica 3 \[8\] +replica 4 \[8\] +replica 5 \[ \]\n +down\n/,
    )
    expect(told.stdout).toMatch(/type: 'replica-joining',\n +replica: 'replica-5',\n +reason: 'its lineage changed/)
    expect(told.stdout).toMatch(/type: 'replica-full',\n +replica: 'replica-5',/)
    expect(told.stdout).toMatch(/replica 1 \[8\] +replica 2 \[8\] +replica 3 \[8\] +replica 4 \[8\] +replica 5 \[8\]\n/)
  })

  test('ends with what the replicas hold, which is what their files hold', async () => {
    expect(told.stdout).toMatch(/key +version +kind +expires +value\n/)
    expect(told.stdout).toMatch(/carts-[0-9a-f]{4}:cid +[0-9a-f]{28} +tombstone +never\n/)
    const [storyFolder = ''] = await readdir(folder)
    expect(told.stdout).toContain(`rm -r ${join(folder, storyFolder)}\n`)
    const database = new DatabaseSync(join(folder, storyFolder, 'replica-3.db'), { readOnly: true })
    const held = database.prepare("SELECT version, payload FROM keyv_quorum WHERE key LIKE '%:ada'").get()
    database.close()
    expect(String(held?.payload)).toContain('8 apples')
    expect(told.stdout).toContain(String(held?.version))
  })

  test('fits a terminal of 80 columns, and colours nothing where nobody sees it', () => {
    const lines = told.stdout.split('\n').map((line) => line.replaceAll(folder, '/tmp'))
    expect(lines.filter((line) => line.length > 80)).toEqual([])
    expect(told.stdout).not.toContain('\u001b')
  })
})

describe('the story over servers', () => {
  let redis: TestServer
  let postgres: TestServer
  let told: Outcome

  beforeAll(async () => {
    ;[redis, postgres] = await Promise.all([startRedis(), startPostgres()])
    const uris = [redis.url, postgres.url, `sqlite://${join(folder, 'given.db')}`]
    told = await runExample(
      story,
      uris.flatMap((uri) => ['--replica', uri]),
    )
  })

  afterAll(() => Promise.all([redis.stop(), postgres.stop()]))

  test('goes as told', () => {
    expect(told.stderr).toBe('')
    expect(told.exitCode).toBe(0)
    expect(told.stdout).toContain('replica 1 [7]   replica 2 [7]   replica 3 [7]\n')
    expect(told.stdout).toContain('replica 4   memory of this process')
  })

  test('sweeps none of their data', () => {
    expect(told.stdout).toContain("lineage: 'assumed', // so that no sweep touches other data in your replicas")
    expect(told.stdout).not.toContain('replica-joining')
  })

  test('names the servers', () => {
    expect(told.stdout).toMatch(new RegExp(`replica 1 .*${redis.port}`))
    expect(told.stdout).toMatch(new RegExp(`replica 2 .*${postgres.port}`))
  })

  test('leaves none of its keys behind', async () => {
    expect(told.stdout).toContain("The story's keys were removed again")
    expect(await redisCommand(redis.url, 'KEYS', '*ledger*')).toEqual([])
    expect(await redisCommand(redis.url, 'KEYS', '*carts-*')).toEqual([])
    expect(await postgresCommand(postgres.url, "SELECT 1 FROM keyv_quorum WHERE key LIKE 'carts-%'")).toBe(0)
    expect(storyKeysIn(join(folder, 'given.db'))).toEqual([])
  })
})

describe('the command', () => {
  const given = (...uris: string[]) => uris.flatMap((uri) => ['--replica', uri])

  test('--help teaches', async () => {
    const { exitCode, stdout } = await runExample(story, ['--help'])
    expect(exitCode).toBe(0)
    expect(stdout).toContain('npm start -- --replica URI --replica URI --replica URI')
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
  })

  test.each([
    ['an option that there is not', ['--replicas'], /--replicas/],
    ['too few replicas', given('memory://', 'memory://'), /needs 3 replicas or none at all, and got 2/],
    ['a URI of no backend', given('memory://', 'nonsense://here', 'memory://'), /^replicas\[1\]: expected a URI /],
    [
      'one replica twice',
      given('sqlite://a.db', 'memory://', 'sqlite://a.db'),
      /replica 3 and replica 1 are the same replica/,
    ],
  ])('says what is wrong with %s, without a stack trace', async (_what, parameters, message) => {
    const { exitCode, stdout, stderr } = await runExample(story, parameters)
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(stackLine)
    expect(stdout).toBe('')
    expect(exitCode).toBe(2)
  })

  test('says in plain words that a server cannot be reached, without its password', async () => {
    const nobody = 'redis://:secret@127.0.0.1:1'
    const { exitCode, stdout, stderr } = await runExample(story, given('memory://', nobody, 'memory://'))
    expect(stderr).toMatch(/^replica 2 \(.*127\.0\.0\.1:1.*\) cannot be reached: /)
    expect(stderr).not.toMatch(stackLine)
    expect(stdout + stderr).not.toContain('secret')
    expect(exitCode).toBe(1)
  })

  test('ends quietly when nobody listens any more, and leaves nothing behind', async () => {
    const files = ['x', 'y', 'z'].map((name) => join(folder, `${name}.db`))
    const uris = files.map((file) => `sqlite://${file}`)
    const { exitCode, stderr } = await runExample(story, given(...uris), { isHeard: false })
    expect(stderr).toBe('')
    expect(exitCode).toBe(130)
    for (const file of files) expect(storyKeysIn(file)).toEqual([])
  })

  test('creates no file for a replica that it refuses', async () => {
    const file = join(folder, 'refused.db')
    await runExample(story, given(`sqlite://${file}`, 'memory://', 'nonsense://here'))
    await expect(access(file)).rejects.toThrow('ENOENT')
  })
})
