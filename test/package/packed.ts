import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const repository = join(import.meta.dirname, '../..')
const notCopied = new Set(['node_modules', 'dist', 'coverage', '.git', '.cache'])

/** The package as it would be published, and a project that has installed it. */
export interface PackedPackage extends AsyncDisposable {
  /** Paths inside the tarball. */
  readonly files: readonly string[]
  /** A project with the package and keyv in its `node_modules`, and the files of `consumer/`. */
  readonly consumer: string
}

/** Builds and packs a copy of the repository, so that the `dist` folder of this one stays as it is. */
export async function packAndInstall(keyvVersion: string): Promise<PackedPackage> {
  const root = await mkdtemp(join(tmpdir(), 'keyv-quorum-package-'))
  const remove = () => rm(root, { recursive: true, force: true })
  try {
    const copy = join(root, 'copy')
    await copyRepository(copy)
    await run('npm', ['run', 'build'], { cwd: copy })
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', root], { cwd: copy })
    const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }]
    const consumer = join(root, 'consumer')
    await cp(join(import.meta.dirname, 'consumer'), consumer, { recursive: true })
    await writeFile(join(consumer, 'package.json'), '{ "private": true }')
    const packages = [join(root, packed.filename), `keyv@${keyvVersion}`, '@types/node@24']
    const flags = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--strict-peer-deps']
    await run('npm', ['install', ...flags, ...packages], { cwd: consumer })
    return { files: packed.files.map((file) => file.path), consumer, [Symbol.asyncDispose]: remove }
  } catch (error) {
    await remove()
    throw error
  }
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
