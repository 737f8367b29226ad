import { type Breach, breach, isNode, type Node, nameOf, type SourceFile, walk } from './source-file.ts'

const FILE_LINES_MAX = 300
const FUNCTION_LINES_MAX = 60

export function longFiles(files: readonly SourceFile[]): Breach[] {
  return files
    .filter((file) => file.lines > FILE_LINES_MAX)
    .map((file) => `${file.path}: ${file.lines} lines are more than ${FILE_LINES_MAX}`)
}

/** A function fits a screen. The callback of `describe` is no function but a chapter. */
export function longFunctions(files: readonly SourceFile[]): Breach[] {
  return files.flatMap((file) => {
    const breaches: Breach[] = []
    walk(file.program, (node, [parent]) => {
      if (!/Function(Declaration|Expression)$/.test(node.type) || isChapter(node, parent)) return
      const lines = file.lineAt(node.end) - file.lineAt(node.start) + 1
      if (lines > FUNCTION_LINES_MAX) {
        breaches.push(breach(file, node.start, `a function of ${lines} lines is longer than ${FUNCTION_LINES_MAX}`))
      }
    })
    return breaches
  })
}

function isChapter(node: Node, parent: Node | undefined): boolean {
  const isCallback = parent?.type === 'CallExpression' && parent.callee !== node
  return isCallback && rootName(parent.callee) === 'describe'
}

/** `describe` of `describe.each(cases)`, say. */
function rootName(node: unknown): string {
  if (!isNode(node)) return ''
  if (node.type === 'MemberExpression') return rootName(node.object)
  if (node.type === 'CallExpression') return rootName(node.callee)
  return nameOf(node)
}
