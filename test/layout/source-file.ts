import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { parseAst } from 'vitest/node'

/** One TypeScript file of the repository, parsed. */
export interface SourceFile {
  /** From the root of the repository, with `/`. */
  readonly path: string
  readonly lines: number
  readonly program: Node
  readonly comments: readonly Comment[]
  /** Counted from 1. */
  lineAt(offset: number): number
}

export interface Comment {
  readonly text: string
  readonly start: number
}

/** Any node of the syntax tree: which fields it has depends on its type. */
export interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}

/** One breach of a rule, told as `path:line what is wrong`. */
export type Breach = string

const folders = ['src', 'adapters', 'cli', 'test', 'bench', 'examples', 'tools']

/** Every TypeScript file of the repository that is written by hand. */
export function readSourceFiles(root: string): SourceFile[] {
  const paths = folders.flatMap((folder) => listFiles(root, folder))
  return paths.map((path) => parseSourceFile(path, readFileSync(join(root, path), 'utf8')))
}

export function parseSourceFile(path: string, text: string): SourceFile {
  const program = parseAst(text, { lang: 'ts' }, path) as unknown as Node
  const lineStarts = [0, ...[...text.matchAll(/\n/g)].map((match) => match.index + 1)]
  return {
    path,
    lines: text.replace(/\n$/, '').split('\n').length,
    program,
    comments: commentsOf(program, text),
    lineAt: (offset) => lineStarts.findLastIndex((start) => start <= offset) + 1,
  }
}

export function breach(file: SourceFile, offset: number, what: string): Breach {
  return `${file.path}:${file.lineAt(offset)} ${what}`
}

/** Calls back for every node with the one it is part of, outer ones first. */
export function walk(node: Node, visit: (node: Node, parent: Node | undefined) => void, parent?: Node): void {
  visit(node, parent)
  for (const child of childrenOf(node)) walk(child, visit, node)
}

export function childrenOf(node: Node): Node[] {
  return Object.values(node).flat().filter(isNode)
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}

/** The text of an identifier; empty for every other node. */
export function nameOf(node: unknown): string {
  return isNode(node) && node.type === 'Identifier' && typeof node.name === 'string' ? node.name : ''
}

/** The parser tells of no comments: they are what looks like one and stands in no literal. */
function commentsOf(program: Node, text: string): Comment[] {
  let code = text
  walk(program, ({ type, start, end }) => {
    if (type === 'Literal' || type === 'TemplateElement')
      code = code.slice(0, start) + ' '.repeat(end - start) + code.slice(end)
  })
  return [...code.matchAll(/\/\/.*|\/\*[\s\S]*?\*\//g)].map((match) => ({ text: match[0], start: match.index }))
}

function listFiles(root: string, folder: string): string[] {
  const files: string[] = []
  for (const entry of listFolder(join(root, folder))) {
    if (entry.name === 'node_modules') continue
    const path = posix.join(folder, entry.name)
    if (entry.isDirectory()) files.push(...listFiles(root, path))
    else if (entry.name.endsWith('.ts')) files.push(path)
  }
  return files.sort()
}

function listFolder(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
