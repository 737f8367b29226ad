import { execFile } from 'node:child_process'
import { cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const repository = join(import.meta.dirname, '../..')
const notCopied = new Set(['node_modules', 'dist', 'coverage', '.git', '.cache'])

/** The package as it would be published. */
export interface PackedPackage {
  readonly tarball: string
  /** Paths inside the tarball. */
  readonly files: readonly string[]
}

/** Builds and packs a copy of the repository, so that the `dist` folder of this one stays as it is. */
export async function packPackage(folder: string): Promise<PackedPackage> {
  const copy = join(folder, 'copy')
  await copyRepository(copy)
  await run('npm', ['run', 'build'], { cwd: copy })
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: copy })
  const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }]
  return { tarball: join(folder, packed.filename), files: packed.files.map((file) => file.path) }
}

/** A project with the files of `consumer/` that has installed the package and keyv. */
export async function installBeside(keyvVersion: string, tarball: string, folder: string): Promise<void> {
  await cp(join(import.meta.dirname, 'consumer'), folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), '{ "private": true }')
  const flags = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--strict-peer-deps']
  await run('npm', ['install', ...flags, tarball, `keyv@${keyvVersion}`, '@types/node@24'], { cwd: folder })
}

async function copyRepository(target: string): Promise<void> {
  await mkdir(target)
  for (const name of await readdir(repository)) {
    if (notCopied.has(name)) continue
    const filter = (path: string) => !path.includes('node_modules')
    await cp(join(repository, name), join(target, name), { recursive: true, filter })
  }
  await symlink(join(repository, 'node_modules'), join(target, 'node_modules'))
}
