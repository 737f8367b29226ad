import { chmodSync, mkdirSync, mkdtempSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Janitor } from './janitor.ts'

/** Where this process keeps the folders of its servers; removed, with the servers killed, when the process is gone. */
export interface Workspace {
  readonly janitor: Janitor
  /** A new, empty folder. */
  newFolder(purpose: string): string
}

let workspace: Workspace | undefined

export function openWorkspace(): Workspace {
  workspace ??= createWorkspace()
  return workspace
}

function createWorkspace(): Workspace {
  const root = mkdtempSync(join(temporaryFolder(), 'keyv-quorum-test-'))
  // PostgreSQL runs as another user when the tests run as root, and has to pass through.
  chmodSync(root, 0o711)
  let folders = 0
  return {
    janitor: new Janitor(root),
    newFolder(purpose) {
      folders += 1
      const folder = join(root, `${folders}-${purpose}`)
      mkdirSync(folder)
      return folder
    },
  }
}

/** The system's temporary folder, unless other users cannot reach it and one of them has to. */
function temporaryFolder(): string {
  const folder = tmpdir()
  return process.getuid?.() !== 0 || isReachableByAll(folder) ? folder : '/tmp'
}

function isReachableByAll(folder: string): boolean {
  const isOpen = (statSync(folder).mode & 0o001) !== 0
  const parent = dirname(folder)
  return isOpen && (parent === folder || isReachableByAll(parent))
}
