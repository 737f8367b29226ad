import { type Breach, breach, childrenOf, isNode, type Node, nameOf, type SourceFile, walk } from './source-file.ts'

const FILE_LINES_MAX = 300
const FUNCTION_LINES_MAX = 60

export function longFiles(files: readonly SourceFile[]): Breach[] {
  return files
    .filter((file) => file.lines > FILE_LINES_MAX)
    .map((file) => `${file.path}: ${file.lines} lines are more than ${FILE_LINES_MAX}`)
}

/** A function fits a screen. The callback of `describe` is a chapter: no function, and no part of the one around it. */
export function longFunctions(files: readonly SourceFile[]): Breach[] {
  return files.flatMap((file) => {
    const breaches: Breach[] = []
    walk(file.program, (node, parent) => {
      if (!isFunction(node) || isChapter(node, parent)) return
      const lines = linesOf(file, node) - linesOfChapters(file, node)
      if (lines > FUNCTION_LINES_MAX) {
        breaches.push(breach(file, node.start, `a function of ${lines} lines is longer than ${FUNCTION_LINES_MAX}`))
      }
    })
    return breaches
  })
}

function isFunction(node: Node): boolean {
  return /Function(Declaration|Expression)$/.test(node.type)
}

function isChapter(node: Node, parent: Node | undefined): boolean {
  return isFunction(node) && parent?.type === 'CallExpression' && parent.callee !== node && isDescribe(parent.callee)
}

function linesOfChapters(file: SourceFile, outer: Node): number {
  let lines = 0
  for (const child of childrenOf(outer)) {
    lines += isChapter(child, outer) ? linesOf(file, child) : linesOfChapters(file, child)
  }
  return lines
}

function linesOf(file: SourceFile, node: Node): number {
  return file.lineAt(node.end) - file.lineAt(node.start) + 1
}

/** `describe`, `describe.each(cases)`, `api.describe`. */
function isDescribe(node: unknown): boolean {
  if (!isNode(node)) return false
  if (node.type === 'CallExpression') return isDescribe(node.callee)
  if (node.type !== 'MemberExpression') return nameOf(node) === 'describe'
  return isDescribe(node.object) || isDescribe(node.property)
}
