import { importsOf } from './imports.ts'
import type { Breach, SourceFile } from './source-file.ts'

/** Circles of imports, types counted too; each is told once, from its first file on. */
export function importCycles(files: readonly SourceFile[]): Breach[] {
  const edges = new Map(files.map((file) => [file.path, targetsOf(file)]))
  const done = new Set<string>()
  const cycles: Breach[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path)
    if (start >= 0) cycles.push([...trail.slice(start), path].join(' -> '))
    if (start >= 0 || done.has(path)) return
    for (const target of edges.get(path) ?? []) visit(target, [...trail, path])
    done.add(path)
  }
  for (const file of files) visit(file.path, [])
  return cycles
}

function targetsOf(file: SourceFile): string[] {
  return importsOf(file).flatMap(({ path }) => (path === null ? [] : [path]))
}
