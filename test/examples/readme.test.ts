import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { exampleEnd, exampleIn, exampleStart, writeProject } from './readme-example.ts'
import { coldStart, runExample } from './run-example.ts'

const readme = new URL('../../README.md', import.meta.url)

test('the example of the README runs as printed', coldStart, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'keyv-quorum-'))
  try {
    const file = await writeProject(folder, exampleIn(await readFile(readme, 'utf8')))
    const { exitCode, stdout, stderr } = await runExample(file, [], { cwd: folder })
    expect(stderr).toBe('')
    expect(exitCode).toBe(0)
    expect(stdout).toContain("{ cart: [ 'tea' ] }\n")
    expect(stdout).toMatch(/^G1 +yes /m)
    expect(await readdir(folder)).toEqual(expect.arrayContaining(['a.db', 'b.db', 'c.db']))
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('an example without its marks, or its fence, is missed', () => {
  const program = '```ts\nrun()\n```\n'
  expect(exampleIn(`text\n${exampleStart}\n${program}${exampleEnd}\n`)).toBe('run()\n')
  expect(() => exampleIn(program)).toThrow(`no example between ${exampleStart} and ${exampleEnd}`)
  expect(() => exampleIn(`${exampleStart}\n${program}`)).toThrow('no example between')
  expect(() => exampleIn(`${exampleStart}\n${exampleEnd}\n${program}`)).toThrow('no ```ts fence')
})
