import { isCorrupt } from '../src/core/record.ts'
import { versionTimeMs } from '../src/core/version.ts'
import { ReplicaError } from '../src/errors.ts'
import type { Explanation, ReplicaHolding } from '../src/explain.ts'
import { drawTable } from './table.ts'
import { timeFromNow } from './wording.ts'

const header = ['', 'REPLICA', 'STANDING', 'HOLDS', 'VERSION', 'WRITTEN', 'EXPIRES']

/** What each replica holds for a key, the winner marked. */
export function holdingTable({ replicas, winner }: Explanation, nowMs: number): string[] {
  const rows = replicas.map((holding) => row(holding, nowMs))
  return [...drawTable(header, rows), ...(winner === null ? [] : ['*  the newest, which wins'])]
}

function row({ replica, standing, answer, isWinner }: ReplicaHolding, nowMs: number): string[] {
  const start = [isWinner ? '*' : ' ', replica, standing]
  if (answer === null) return [...start, 'nothing']
  if (answer instanceof ReplicaError) return [...start, `no answer: ${answer.code}`]
  if (isCorrupt(answer)) return [...start, `unreadable: ${answer.reason}`]
  const writtenMs = versionTimeMs(answer.version)
  return [
    ...start,
    answer.kind === 'tombstone' ? 'a delete' : `a value of ${Buffer.byteLength(answer.payload)} bytes`,
    spelledVersion(answer.version),
    writtenMs < importedBeforeMs ? 'imported' : timeFromNow(writtenMs, nowMs),
    answer.expiresAtMs === null ? 'never' : timeFromNow(answer.expiresAtMs, nowMs),
  ]
}

/** Versions of imported records start in 1970. */
const importedBeforeMs = 1_000

/** Time, counter and writer apart. */
function spelledVersion(version: string): string {
  return `${version.slice(0, 12)} ${version.slice(12, 16)} ${version.slice(16)}`
}

/** For JSON: errors as their codes, and no payloads. */
export function holdingsJson({ replicas }: Explanation) {
  return replicas.map(({ replica, standing, answer, isWinner }) => ({
    replica,
    standing,
    isWinner,
    holds: answerJson(answer),
  }))
}

function answerJson(answer: ReplicaHolding['answer']) {
  if (answer === null) return null
  if (answer instanceof ReplicaError) return { error: answer.code, reason: answer.reason }
  if (isCorrupt(answer)) return { corrupt: answer.reason }
  const { version, kind, expiresAtMs, retainUntilMs } = answer
  return { version, kind, expiresAtMs, retainUntilMs }
}
