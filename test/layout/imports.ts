import { posix } from 'node:path'
import { isNode, type Node, nameOf, type SourceFile, walk } from './source-file.ts'

export interface Import {
  /** As it stands in the file. */
  readonly specifier: string
  /** From the root of the repository, for a relative import; null for a package or a part of Node. */
  readonly path: string | null
  /** Names that are taken; empty for all of them. */
  readonly names: readonly string[]
  /** `lazy`: when the line runs. `type`: never. */
  readonly kind: 'static' | 'lazy' | 'type'
  readonly offset: number
}

/** Everything that a file imports or exports from elsewhere, types too. */
export function importsOf(file: SourceFile): Import[] {
  const found: Import[] = []
  walk(file.program, (node) => {
    const specifier = specifierOf(node)
    if (specifier === null) return
    const path = specifier.startsWith('.') ? posix.join(posix.dirname(file.path), specifier) : null
    found.push({ specifier, path, names: namesOf(node), kind: kindOf(node), offset: node.start })
  })
  return found
}

function specifierOf(node: Node): string | null {
  const isImport = /^(Import|ExportNamed|ExportAll)Declaration$/.test(node.type)
  if (!isImport && node.type !== 'ImportExpression' && node.type !== 'TSImportType') return null
  const { source } = node
  return isNode(source) && typeof source.value === 'string' ? source.value : null
}

function kindOf(node: Node): Import['kind'] {
  if (node.type === 'ImportExpression') return 'lazy'
  return node.type === 'TSImportType' || node.importKind === 'type' || node.exportKind === 'type' ? 'type' : 'static'
}

function namesOf(node: Node): string[] {
  const specifiers = Array.isArray(node.specifiers) ? node.specifiers : []
  return specifiers.map((specifier) => nameOf(specifier.imported)).filter((name) => name !== '')
}
