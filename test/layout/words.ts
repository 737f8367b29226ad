import { type Breach, breach, isNode, type Node, nameOf, type SourceFile, walk } from './source-file.ts'

/** A file is named for the one thing it holds. */
export function vagueFileNames(files: readonly SourceFile[]): Breach[] {
  const vague = /(^|[/.-])(utils?|helpers?|misc|common|stuff)([/.-]|$)/
  return files.filter((file) => vague.test(file.path)).map((file) => `${file.path} says nothing about what it holds`)
}

export function fileNamesNotInKebabCase(files: readonly SourceFile[]): Breach[] {
  return files
    .filter((file) => !/^([a-z0-9]+([.-][a-z0-9]+)*\/)*[a-z0-9]+([.-][a-z0-9]+)*\.ts$/.test(file.path))
    .map((file) => `${file.path} is not in kebab-case`)
}

export function anyTypes(files: readonly SourceFile[]): Breach[] {
  return eachNode(files, (node) => (node.type === 'TSAnyKeyword' ? 'any is no type' : null))
}

/** What is left to do belongs in an issue; what is wrong is put right. */
export function unfinishedComments(files: readonly SourceFile[]): Breach[] {
  const marks = /\b(TODO|FIXME|XXX|HACK)\b|@ts-(ignore|nocheck)/
  return files.flatMap((file) =>
    file.comments
      .filter((comment) => marks.test(comment.text))
      .map((comment) => breach(file, comment.start, `unfinished: ${marks.exec(comment.text)?.[0]}`)),
  )
}

const testWords = new Set(['describe', 'test', 'it', 'suite', 'bench'])
const exceptions = new Set(['only', 'skip', 'todo', 'skipIf', 'runIf', 'fails'])

/** Every test runs, every time, and none hides the others. */
export function testsThatDoNotRun(files: readonly SourceFile[]): Breach[] {
  return eachNode(files, (node) => {
    if (node.type !== 'MemberExpression' || !exceptions.has(nameOf(node.property))) return null
    const root = rootOf(node)
    return testWords.has(root) ? `${root}.${nameOf(node.property)}: every test runs` : null
  })
}

function rootOf(node: unknown): string {
  return isNode(node) && node.type === 'MemberExpression' ? rootOf(node.object) : nameOf(node)
}

function eachNode(files: readonly SourceFile[], complaint: (node: Node) => string | null): Breach[] {
  return files.flatMap((file) => {
    const breaches: Breach[] = []
    walk(file.program, (node) => {
      const what = complaint(node)
      if (what !== null) breaches.push(breach(file, node.start, what))
    })
    return breaches
  })
}
