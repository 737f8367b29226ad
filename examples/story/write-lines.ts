import type { Version } from '../../src/core/version.ts'
import type { WriteReport } from './scene.ts'

const operationWidth = 18
const versionWidth = 34

/** Above lines of {@link writeLine}. */
export const writeHeader = [
  'operation'.padEnd(operationWidth),
  'version = time, counter, writer'.padEnd(versionWidth),
  'acknowledged by',
].join('  ')

/** `set ada "7 apples"   7 = 0199c2f0a1b2 0000 e1f2a3b4c5d6   2 of 3` */
export function writeLine(operation: string, report: WriteReport, replicas: number): string {
  const version = `${report.number} = ${report.version === null ? '' : spellVersion(report.version)}`
  return `${operation.padEnd(operationWidth)}  ${version.padEnd(versionWidth)}  ${report.acked.length} of ${replicas}`
}

/** A version is 12 hex digits of ms since 1970, 4 of counter, 12 of writer id. */
function spellVersion(version: Version): string {
  return `${version.slice(0, 12)} ${version.slice(12, 16)} ${version.slice(16)}`
}
