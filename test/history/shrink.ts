import { type History, type Operation, someValue, type Violation } from './history.ts'

/**
 * The part of a history that still breaks the rule for the key: operations are dropped as long as it does.
 *
 * Only what cannot make a right history wrong is dropped: a get alone; a write only together with every get that may have
 * seen it, or seen nothing because of it. So what is left is wrong because the whole is.
 */
export function shrinkHistory(
  history: History,
  { rule, key }: Violation,
  check: (history: History) => readonly Violation[],
): History {
  const isBroken = (operations: readonly Operation[]) =>
    check({ operations }).some((violation) => violation.rule === rule && violation.key === key)
  let kept: readonly Operation[] = history.operations.filter((each) => each.key === key || each.kind === 'clear')
  for (let half = Math.ceil(kept.length / 2); half > 0; half = half === 1 ? 0 : Math.ceil(half / 2)) {
    kept = withoutRuns(kept, half, isBroken)
  }
  return { operations: kept }
}

/** Tries to do without each run of so many operations. */
function withoutRuns(
  operations: readonly Operation[],
  length: number,
  isBroken: (operations: readonly Operation[]) => boolean,
): readonly Operation[] {
  let kept = operations
  for (let from = 0; from < kept.length; ) {
    const smaller = without(kept, kept.slice(from, from + length))
    if (isBroken(smaller)) kept = smaller
    else from += length
  }
  return kept
}

function without(operations: readonly Operation[], dropped: readonly Operation[]): Operation[] {
  const writes = dropped.filter(({ kind }) => kind !== 'get')
  const gone = new Set(dropped)
  return operations.filter((operation) => {
    if (gone.has(operation)) return false
    return operation.kind !== 'get' || !writes.some((write) => mayExplain(write, operation))
  })
}

/** A has may be explained by any set. */
function mayExplain({ kind, value, expiresAtMs, invokedAt }: Operation, read: Operation): boolean {
  if (read.returnedAt !== null && read.returnedAt < invokedAt) return false
  if (kind !== 'set') return read.value === null
  return read.value === value || read.value === someValue || (read.value === null && expiresAtMs !== null)
}
