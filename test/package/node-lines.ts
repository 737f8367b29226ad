import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { unpackDebianPackage } from '../servers/debian-package.ts'

const run = promisify(execFile)

/** The newest version of each line of Node that is maintained and that keyv 6 supports. */
export const nodeLines = ['22.23.3', '24.21.0', '26.10.0']

export interface NodeProgram {
  readonly file: string
  readonly env: NodeJS.ProcessEnv
}

/** Node of that version: this process's own, or one out of a registry package, kept in the user's cache. */
export async function nodeProgram(version: string): Promise<NodeProgram> {
  const file = process.versions.node === version ? process.execPath : await fetchedNode(version)
  const program = { file, env: process.env }
  if (await tellsItsVersion(program)) return program
  // Node 26 needs a library that a bare Debian does not have.
  const { libraryPath } = await unpackDebianPackage('libatomic1', console.log)
  return { file, env: { ...process.env, LD_LIBRARY_PATH: libraryPath } }
}

async function fetchedNode(version: string): Promise<string> {
  const packageName = `node-${process.platform}-${process.arch}`
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'keyv-quorum-test-node', version)
  if (!existsSync(folder)) await install(`${packageName}@${version}`, folder)
  return join(folder, 'node_modules', packageName, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
}

async function tellsItsVersion({ file, env }: NodeProgram): Promise<boolean> {
  return run(file, ['--version'], { env }).then(
    () => true,
    () => false,
  )
}

async function install(specifier: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true })
  const unfinished = await mkdtemp(`${target}-unfinished-`)
  try {
    await writeFile(join(unfinished, 'package.json'), '{ "private": true }')
    const flags = ['--prefer-offline', '--ignore-scripts', '--no-bin-links', '--no-audit', '--no-fund']
    await run('npm', ['install', ...flags, specifier], { cwd: unfinished })
    // In one step, so that an install which is interrupted, or runs twice at once, leaves a whole folder or none.
    await rename(unfinished, target).catch((error) => {
      if (!existsSync(target)) throw error
    })
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
}
