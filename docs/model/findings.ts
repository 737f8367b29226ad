import type { Case } from './cases.ts'
import type { Finding } from './search.ts'

const nameWidth = 66
const figureWidth = 10

export function nameOf({ model, limits, without }: Case): string {
  return `${model} (${limits.join(' ')})${without === null ? '' : ` without ${without.toLowerCase().replaceAll('_', ' ')}`}`
}

/** A table with a row for each search. */
export function describeFindings(findings: readonly Finding[]): string {
  const head = rowOf('model', ['states', 'depth', 'seconds'], 'verdict')
  return [head, ...findings.map(describe)].join('\n')
}

function describe(finding: Finding): string {
  const { states, depth, seconds, verdict, isAsExpected } = finding
  const figures = [String(states), String(depth), seconds.toFixed(1)]
  return rowOf(nameOf(finding), figures, isAsExpected ? verdict : `${verdict}, NOT AS EXPECTED`)
}

function rowOf(name: string, figures: readonly string[], verdict: string): string {
  const columns = figures.map((figure) => figure.padStart(figureWidth)).join('')
  return `${name.padEnd(nameWidth)}${columns}  ${verdict}`
}
