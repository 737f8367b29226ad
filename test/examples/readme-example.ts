import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

export const exampleStart = '<!-- example:start -->'
export const exampleEnd = '<!-- example:end -->'

const fence = /^```ts\n([\s\S]*?)^```$/m
const repository = fileURLToPath(new URL('../../', import.meta.url))

/**
 * The program between the two marks, as it is printed.
 * @throws Error that says what is missing
 */
export function exampleIn(markdown: string): string {
  const start = markdown.indexOf(exampleStart)
  const end = markdown.indexOf(exampleEnd, start)
  if (start < 0 || end < 0) throw new Error(`README.md has no example between ${exampleStart} and ${exampleEnd}`)
  const program = fence.exec(markdown.slice(start, end))?.[1]
  if (program === undefined) throw new Error('README.md has no ```ts fence between its example marks')
  return program
}

/** A project in which `keyv` is what is installed here, and `keyv-quorum` is the source. */
export async function writeProject(folder: string, program: string): Promise<string> {
  const source = pathToFileURL(join(repository, 'src/index.ts')).href
  const modules = join(folder, 'node_modules')
  await mkdir(join(modules, 'keyv-quorum'), { recursive: true })
  await symlink(join(repository, 'node_modules/keyv'), join(modules, 'keyv'), 'dir')
  const manifest = JSON.stringify({ name: 'keyv-quorum', type: 'module', exports: './index.js' })
  await writeFile(join(modules, 'keyv-quorum/package.json'), manifest)
  await writeFile(
    join(modules, 'keyv-quorum/index.js'),
    `export * from '${source}'\nexport { default } from '${source}'\n`,
  )
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
  const file = join(folder, 'example.ts')
  await writeFile(file, program)
  return file
}
