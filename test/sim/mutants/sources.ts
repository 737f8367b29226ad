import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Mutant, planted } from './mutant.ts'

const root = resolve(import.meta.dirname, '../../..')
/** All that a simulated run is made of. */
const copied = ['src', 'adapters', 'test/sim', 'test/history', 'test/support', 'package.json']

/** A copy of the sources with one bug in it, or with none. */
export interface Sources {
  readonly folder: string
  remove(): void
}

/** @throws Error when the source has moved on, so that the bug can be planted no more */
export function copySources(mutant: Mutant | null): Sources {
  // Inside of the repository, so that packages are found.
  const parent = join(root, '.cache/mutants')
  mkdirSync(parent, { recursive: true })
  const folder = mkdtempSync(join(parent, 'copy-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    for (const path of copied) cpSync(join(root, path), join(folder, path), { recursive: true })
    if (mutant !== null) plant(mutant, folder)
  } catch (error) {
    remove()
    throw error
  }
  return { folder, remove }
}

/** @throws Error when the source has moved on, so that the bug can be planted no more */
export function assertPlantable(mutant: Mutant): void {
  const sources = new Map<string, string>()
  for (const edit of mutant.edits) {
    const source = sources.get(edit.file) ?? readFileSync(join(root, edit.file), 'utf8')
    sources.set(edit.file, planted(mutant, edit, source))
  }
}

function plant(mutant: Mutant, folder: string): void {
  for (const edit of mutant.edits) {
    const path = join(folder, edit.file)
    writeFileSync(path, planted(mutant, edit, readFileSync(path, 'utf8')))
  }
}
