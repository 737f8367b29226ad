import { readFile } from 'node:fs/promises'
import type { History, Operation } from '../../history/history.ts'
import type { Invocation, LogLine } from './operation-log.ts'
import type { RunClock } from './run-clock.ts'

export interface RecordedOperation extends Operation {
  readonly namespace: string
  /** When it was begun, by `hostMs`. */
  readonly begunAtMs: number
  /** Why it failed; empty where it did not. */
  readonly why: string
}

type Unnumbered = Omit<RecordedOperation, 'index'>

/** What all clients did, merged, in the time of the run. */
export async function readOperations(files: readonly string[], clock: RunClock): Promise<readonly RecordedOperation[]> {
  const operations: Unnumbered[] = []
  for (const file of files) operations.push(...operationsIn(parseLines(await readFile(file, 'utf8')), clock))
  operations.sort((a, b) => a.invokedAt - b.invokedAt)
  return operations.map((operation, index) => ({ index, ...operation }))
}

/** One for each namespace. A get without an answer says nothing, and is left out. */
export function historiesOf(operations: readonly RecordedOperation[]): ReadonlyMap<string, History> {
  const telling = operations.filter(({ kind, outcome }) => kind !== 'get' || outcome === 'ok')
  const byNamespace = Map.groupBy(telling, ({ namespace }) => namespace)
  return new Map(byNamespace.entries().map(([namespace, own]) => [namespace, { operations: own }]))
}

function operationsIn(lines: readonly LogLine[], clock: RunClock): readonly Unnumbered[] {
  const open = new Map<number, Unnumbered>()
  const ended: Unnumbered[] = []
  for (const line of lines) {
    if ('begun' in line) {
      open.set(line.begun, invoked(line, line.atMs, clock))
      continue
    }
    const operation = open.get(line.ended)
    if (operation === undefined) throw new Error(`operation ${line.ended} ended and was never begun`)
    open.delete(line.ended)
    const { outcome, why = '' } = line
    const value = operation.kind === 'get' ? (line.value ?? null) : operation.value
    ended.push({ ...operation, returnedAt: clock.at(line.atMs), outcome, value, why })
  }
  // What is left is what a client that was killed had begun.
  return [...ended, ...open.values()]
}

function invoked(invocation: Invocation, begunAtMs: number, clock: RunClock): Unnumbered {
  const { client, kind, key, value, expiresAtMs, namespace } = invocation
  const what = { client, kind, key, value, expiresAtMs, namespace }
  return { ...what, begunAtMs, invokedAt: clock.at(begunAtMs), returnedAt: null, outcome: 'unknown', why: '' }
}

/** The last line of a process that was killed may be cut short: it is as if it had been killed before. */
function parseLines(text: string): readonly LogLine[] {
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line): LogLine => JSON.parse(line))
}
