import { importsOf } from './imports.ts'
import { type Breach, breach, type Node, nameOf, type SourceFile, walk } from './source-file.ts'

const globals = new Set(['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'performance'])
const members = new Set([
  'Date.now',
  'Math.random',
  'process.nextTick',
  'process.hrtime',
  'process.uptime',
  'AbortSignal.timeout',
  'crypto.getRandomValues',
  'crypto.randomUUID',
])
const modules = new Set(['node:timers', 'node:timers/promises', 'node:perf_hooks'])
const cryptoNames = new Set(['randomBytes', 'randomUUID', 'randomInt', 'getRandomValues', 'webcrypto'])

/** Real time and chance come in by src/runtime.ts alone, so that a simulator can stand in for them. */
export function realTimeAndChance(files: readonly SourceFile[]): Breach[] {
  return files.filter(isBound).flatMap((file) => [...importBreaches(file), ...useBreaches(file)])
}

function isBound({ path }: SourceFile): boolean {
  return /^(src|adapters)\//.test(path) && path !== 'src/runtime.ts' && !path.endsWith('.test.ts')
}

function importBreaches(file: SourceFile): Breach[] {
  return importsOf(file)
    .filter(({ specifier, names }) => {
      const isRandom = specifier === 'node:crypto' && names.some((name) => cryptoNames.has(name))
      return modules.has(specifier) || isRandom
    })
    .map(({ specifier, offset }) => breach(file, offset, `time and chance of ${specifier} belong to src/runtime.ts`))
}

function useBreaches(file: SourceFile): Breach[] {
  const breaches: Breach[] = []
  walk(file.program, (node, parent) => {
    const name = globalUse(node, parent) ?? memberUse(node) ?? currentDate(node)
    if (name !== null) breaches.push(breach(file, node.start, `${name} belongs to src/runtime.ts`))
  })
  return breaches
}

/** Not `timers.setTimeout` nor `{ setTimeout: 1 }`, which only share the name; imports are told of elsewhere. */
function globalUse(node: Node, parent: Node | undefined): string | null {
  const name = nameOf(node)
  if (!globals.has(name)) return null
  if (parent?.type === 'ImportSpecifier') return null
  const isProperty = parent?.property === node || parent?.key === node
  return isProperty && parent?.computed !== true ? null : name
}

function memberUse(node: Node): string | null {
  if (node.type !== 'MemberExpression') return null
  const name = `${nameOf(node.object)}.${nameOf(node.property)}`
  return members.has(name) ? name : null
}

function currentDate(node: Node): string | null {
  const isDate = node.type === 'NewExpression' && nameOf(node.callee) === 'Date'
  return isDate && Array.isArray(node.arguments) && node.arguments.length === 0 ? 'new Date()' : null
}
