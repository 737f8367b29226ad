import { execFile } from 'node:child_process'
import { accessSync, constants, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import type { ServerBinary } from './server-source.ts'

const run = promisify(execFile)

/** The `redis-server` in PATH, if there is one that runs. */
export async function findRedis(): Promise<ServerBinary | null> {
  return firstThatRuns(pathFolders(), ['redis-server'])
}

/** `postgres` and `initdb` in PATH, or where Debian and its relatives keep them; the newest version first. */
export async function findPostgres(): Promise<ServerBinary | null> {
  return firstThatRuns([...pathFolders(), ...debianPostgresFolders('/')], ['postgres', 'initdb'])
}

/** The folders of all PostgreSQL versions of a Debian system whose root folder is given, newest first. */
export function debianPostgresFolders(root: string): string[] {
  const parent = join(root, 'usr/lib/postgresql')
  return listFolder(parent)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(parent, version, 'bin'))
}

/** The first folder that holds all the programs and whose first program tells its version. */
export async function firstThatRuns(
  folders: readonly string[],
  programs: readonly [string, ...string[]],
  libraryPath?: string,
): Promise<ServerBinary | null> {
  for (const folder of folders) {
    if (!programs.every((program) => isExecutable(join(folder, program)))) continue
    const version = await versionOf(join(folder, programs[0]), libraryPath)
    if (version === null) continue
    return { kind: 'binary', folder, version, ...(libraryPath === undefined ? {} : { libraryPath }) }
  }
  return null
}

/** The environment that a server program runs in: libraries that came with it, and no locale of the user. */
export function binaryEnvironment(libraryPath: string | undefined): NodeJS.ProcessEnv {
  const { PATH } = process.env
  return { PATH, LC_ALL: 'C', TZ: 'UTC', ...(libraryPath === undefined ? {} : { LD_LIBRARY_PATH: libraryPath }) }
}

/** Null when the program does not run here, for want of a library say. */
async function versionOf(program: string, libraryPath: string | undefined): Promise<string | null> {
  try {
    const { stdout } = await run(program, ['--version'], { env: binaryEnvironment(libraryPath) })
    return /(?:v=|\(PostgreSQL\) )([\w.]+)/.exec(stdout)?.[1] ?? null
  } catch {
    return null
  }
}

function pathFolders(): string[] {
  return (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
