import type { History, Operation, Violation } from '../../history/history.ts'
import { checkLinearizability } from '../../history/linearizability.ts'
import { checkMonotonicReads } from '../../history/monotonic.ts'
import type { ClockTolerances } from '../../history/real-time.ts'
import { checkLostWrites, checkRegular } from '../../history/regular.ts'
import { checkResurrection } from '../../history/resurrection.ts'

export const modes = ['quorum', 'monotonic', 'linearizable'] as const
export type Mode = (typeof modes)[number]

/** Something that the store promised not to do, and did. */
export type Finding = Pick<Violation, 'rule' | 'explanation'>

export interface VerdictOptions {
  readonly mode: Mode
  /** When all was well again, in the time of the run. */
  readonly healedAtMs: number
  readonly tolerances: ClockTolerances
}

const neighboursMax = 12

/** Holds the history of each namespace against what its mode promises. */
export function verdictOf(histories: ReadonlyMap<string, History>, options: VerdictOptions): readonly Finding[] {
  return [...histories].flatMap(([namespace, history]) =>
    violationsOf(history, options).map((violation) => ({
      rule: violation.rule,
      explanation: `${namespace}, ${violation.key}: ${violation.explanation}\n${told(history, violation)}`,
    })),
  )
}

function violationsOf(history: History, { mode, healedAtMs, tolerances }: VerdictOptions): readonly Violation[] {
  return [
    ...checkRegular(history, tolerances),
    ...checkLostWrites(history, healedAtMs, tolerances),
    ...checkResurrection(history, tolerances),
    ...(mode === 'quorum' ? [] : checkMonotonicReads(history, tolerances)),
    ...(mode === 'linearizable' ? checkLinearizability(history, tolerances) : []),
  ]
}

/** The operations that show it, marked, and those of the same key around the last of them. */
function told({ operations }: History, { key, operations: marked }: Violation): string {
  const ofKey = operations.filter((each) => each.key === key || each.kind === 'clear')
  const last = ofKey.findLastIndex(({ index }) => marked.includes(index))
  const near = ofKey.slice(Math.max(0, last - neighboursMax), last + neighboursMax / 2)
  const shown = new Set([...ofKey.filter(({ index }) => marked.includes(index)), ...near])
  const startMs = operations[0]?.invokedAt ?? 0
  return ofKey
    .filter((operation) => shown.has(operation))
    .map((operation) => `${marked.includes(operation.index) ? ' >' : '  '} ${lineOf(operation, startMs)}`)
    .join('\n')
}

function lineOf(operation: Operation, startMs: number): string {
  const { index, client, kind, value, expiresAtMs, invokedAt, returnedAt, outcome } = operation
  const from = seconds(invokedAt - startMs)
  const to = returnedAt === null ? 'never' : seconds(returnedAt - startMs)
  const expiry = expiresAtMs === null ? '' : ` until ${seconds(expiresAtMs - startMs)}`
  const what = kind === 'set' || kind === 'get' ? ` ${value ?? 'nothing'}${expiry}` : ''
  return `${index} ${from} to ${to} ${client.padEnd(16)} ${kind}${what}${outcome === 'ok' ? '' : ` (${outcome})`}`
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(4)
}
