import { type Import, importsOf } from './imports.ts'
import { type Breach, breach, type SourceFile } from './source-file.ts'

interface Layer {
  readonly name: string
  /** What the paths of its files start with. A file belongs to the first layer that holds it. */
  readonly holds: readonly string[]
  /** Names of the layers it may import, besides itself. */
  readonly imports: readonly string[]
  /** Whether a folder of it may import only itself, and not its neighbours. */
  readonly foldersApart?: boolean
}

const port = ['core', 'replica', 'errors', 'runtime']
const inside = [...port, 'events', 'config', 'wrap', 'coordinator', 'background']

/** The whole order of the repository: what may know of what. */
const layers: readonly Layer[] = [
  { name: 'core', holds: ['src/core/'], imports: [] },
  { name: 'runtime', holds: ['src/runtime.ts'], imports: [] },
  { name: 'errors', holds: ['src/errors.ts'], imports: ['core'] },
  { name: 'replica', holds: ['src/replica.ts'], imports: ['core', 'errors'] },
  { name: 'events', holds: ['src/events.ts', 'src/events/'], imports: port },
  { name: 'config', holds: ['src/config.ts', 'src/config/'], imports: port },
  { name: 'wrap', holds: ['src/wrap/'], imports: [...port, 'events'] },
  { name: 'coordinator', holds: ['src/coordinator.ts', 'src/coordinator/'], imports: [...port, 'events', 'wrap'] },
  { name: 'background', holds: ['src/background/'], imports: [...port, 'events', 'wrap', 'coordinator'] },
  { name: 'opening', holds: ['adapters/open.ts', 'adapters/open/'], imports: [...port, 'config', 'adapters'] },
  { name: 'adapters', holds: ['adapters/'], imports: port, foldersApart: true },
  { name: 'face', holds: ['src/'], imports: [...inside, 'opening'] },
  { name: 'conformance', holds: ['test/conformance/'], imports: port },
  { name: 'cli', holds: ['cli/'], imports: [...inside, 'face', 'opening', 'adapters'] },
]

/** Imports go one way. Files outside of every layer (tests, benchmarks) may import anything, and no layer imports them. */
export function importsAgainstTheOrder(files: readonly SourceFile[]): Breach[] {
  return files.flatMap((file) => {
    const layer = layerOf(file.path)
    if (layer === null || file.path.endsWith('.test.ts')) return []
    const wrong = importsOf(file).filter(({ path }) => path !== null && !isAllowed(layer, file.path, path))
    return wrong.map(({ path, offset }) => breach(file, offset, `${layer.name} must not import ${path}`))
  })
}

/** The core does nothing but compute; a checksum is all it borrows. */
export function importsOfTheCore(files: readonly SourceFile[]): Breach[] {
  return files
    .filter((file) => file.path.startsWith('src/core/'))
    .flatMap((file) =>
      importsOf(file)
        .filter((each) => each.path === null && !isChecksum(each))
        .map(({ specifier, offset }) => breach(file, offset, `the core must not import ${specifier}`)),
    )
}

const optionalDrivers = /^(@keyv\/(redis|postgres|sqlite)|@redis\/client|pg|better-sqlite3)($|\/)/

/** Drivers are optional: they are loaded when they are needed, and no public type needs theirs. */
export function importsOfDrivers(files: readonly SourceFile[]): Breach[] {
  return files
    .filter((file) => /^(src|adapters|cli)\//.test(file.path))
    .flatMap((file) =>
      importsOf(file)
        .filter((each) => optionalDrivers.test(each.specifier) && each.kind !== 'lazy')
        .map(({ specifier, offset }) => breach(file, offset, `the driver ${specifier} must be imported lazily`)),
    )
}

function isAllowed(layer: Layer, from: string, to: string): boolean {
  const target = layerOf(to)
  if (target === null) return false
  if (target.name !== layer.name) return layer.imports.includes(target.name)
  return layer.foldersApart !== true || folderOf(from) === folderOf(to)
}

function layerOf(path: string): Layer | null {
  return layers.find(({ holds }) => holds.some((start) => path.startsWith(start))) ?? null
}

function folderOf(path: string): string {
  return path.split('/').slice(0, 2).join('/')
}

function isChecksum({ specifier, names }: Import): boolean {
  return specifier === 'node:zlib' && names.length > 0 && names.every((name) => name === 'crc32')
}
