import { join } from 'node:path'
import { debianPostgresFolders, firstThatRuns } from './binaries.ts'
import { unpackDebianPackage } from './debian-package.ts'
import type { ServerBinary } from './server-source.ts'

type Say = (line: string) => void

/** A Redis server that is fetched for the tests, when it is not in the cache already. */
export async function installRedis(say: Say): Promise<ServerBinary> {
  const { folder, libraryPath } = await unpackDebianPackage('redis-server', say)
  return orThrow(await firstThatRuns([join(folder, 'usr/bin')], ['redis-server'], libraryPath), folder)
}

/** Like {@link installRedis}. */
export async function installPostgres(say: Say): Promise<ServerBinary> {
  const { folder, libraryPath } = await unpackDebianPackage('postgresql', say)
  return orThrow(await firstThatRuns(debianPostgresFolders(folder), ['postgres', 'initdb'], libraryPath), folder)
}

function orThrow(binary: ServerBinary | null, folder: string): ServerBinary {
  if (binary === null) throw new Error(`what is in ${folder} does not run here`)
  return binary
}
