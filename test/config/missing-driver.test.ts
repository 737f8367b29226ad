import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))
let folder = ''

/** The package as it is installed without any driver: a copy, because Node looks for packages from a file's real place. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyv-quorum-no-driver-'))
  await mkdir(join(folder, 'node_modules'))
  for (const part of ['src', 'adapters', 'package.json'])
    await cp(join(root, part), join(folder, part), { recursive: true })
  await symlink(join(root, 'node_modules/valibot'), join(folder, 'node_modules/valibot'))
  await writeFile(
    join(folder, 'open.ts'),
    `import { openReplica } from './adapters/open.ts'
     try {
       const replica = openReplica(process.argv[2] ?? '', 'replicas[0]')
       await replica.putManyIfNewer([], { timeoutMs: 60_000 })
       await replica.close()
       console.log('opened', replica.id)
     } catch (error) {
       console.log(error.code, error.message)
     }`,
  )
})
afterAll(() => rm(folder, { recursive: true }))

test.each([
  [
    'redis://u:s3cret@a',
    'CONFIG_INVALID replicas[0]: expected the driver @redis/client to be installed: npm install @redis/client',
  ],
  ['postgres://u:s3cret@b', 'CONFIG_INVALID replicas[0]: expected the driver pg to be installed: npm install pg'],
  ['memory://a', 'opened memory:a'],
  ['sqlite://:memory:', 'opened sqlite::memory:'],
])('without any driver, %s', async (source, expected) => {
  const { stdout } = await run(process.execPath, ['open.ts', source], { cwd: folder, env: {} })
  expect(stdout.trim()).toBe(expected)
})
