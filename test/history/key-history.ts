import { type History, type Operation, type Rule, someValue, type Violation } from './history.ts'
import { named } from './wording.ts'

/** A write of one key as the checkers see it. One that failed for certain is none. */
export interface Write {
  readonly operation: Operation
  readonly kind: 'set' | 'delete' | 'clear'
  readonly invokedAt: number
  /** Infinite where the outcome is unknown: such a write overlaps with everything that comes after its invocation. */
  readonly acknowledgedAt: number
  /** When its client was done with it, whatever the outcome; infinite where it never was. */
  readonly endedAt: number
  /** Infinite for never. */
  readonly expiresAtMs: number
}

export interface Read {
  readonly operation: Operation
  readonly invokedAt: number
  readonly returnedAt: number
  /** The set whose value it returned; `absent`; or `present`, where it only told that there is one. */
  readonly found: Write | 'absent' | 'present'
}

/** What concerns one key. A clear concerns every key. */
export interface KeyHistory {
  readonly key: string
  /** By invocation. */
  readonly writes: readonly Write[]
  /** By invocation. */
  readonly reads: readonly Read[]
  /** Gets of what nobody had written when they returned: wrong by any rule, and no part of `reads`. */
  readonly invented: readonly Operation[]
}

/** Keys stand for themselves, so each is checked alone. */
export function splitByKey({ operations }: History): KeyHistory[] {
  const clears: Operation[] = []
  const byKey = new Map<string, Operation[]>()
  for (const operation of operations) {
    if (operation.kind === 'clear') clears.push(operation)
    else ofKey(byKey, operation.key).push(operation)
  }
  return [...byKey].map(([key, own]) => keyHistory(key, [...own, ...clears]))
}

/** A get of something that nobody wrote, that certainly failed, or that was written only afterwards. */
export function inventions(rule: Rule, { key, invented }: KeyHistory): Violation[] {
  return invented.map((read) => ({
    rule,
    key,
    operations: [read.index],
    explanation: `${named(read)} returned what nobody had written: its set is missing, failed for certain, or began later`,
  }))
}

export function isAcknowledged({ acknowledgedAt }: Write): boolean {
  return acknowledgedAt < Number.POSITIVE_INFINITY
}

function keyHistory(key: string, unsorted: readonly Operation[]): KeyHistory {
  const operations = unsorted.toSorted((a, b) => a.invokedAt - b.invokedAt || a.index - b.index)
  const writes = operations.filter(({ kind, outcome }) => kind !== 'get' && outcome !== 'failed').map(writeOf)
  const sets = setsByValue(writes)
  const reads: Read[] = []
  const invented: Operation[] = []
  for (const operation of operations) {
    if (operation.kind !== 'get' || operation.outcome !== 'ok' || operation.returnedAt === null) continue
    const { invokedAt, returnedAt } = operation
    const found = foundBy(operation, sets)
    if (found === undefined) invented.push(operation)
    else reads.push({ operation, invokedAt, returnedAt, found })
  }
  return { key, writes, reads, invented }
}

function writeOf(operation: Operation): Write {
  const { kind, invokedAt, outcome, expiresAtMs } = operation
  if (kind === 'get') throw new TypeError('a get is no write')
  const endedAt = operation.returnedAt ?? Number.POSITIVE_INFINITY
  const acknowledgedAt = outcome === 'ok' ? endedAt : Number.POSITIVE_INFINITY
  return { operation, kind, invokedAt, acknowledgedAt, endedAt, expiresAtMs: expiresAtMs ?? Number.POSITIVE_INFINITY }
}

function setsByValue(writes: readonly Write[]): Map<string, Write> {
  const sets = new Map<string, Write>()
  for (const write of writes) {
    const { value, index, key } = write.operation
    if (write.kind !== 'set') continue
    if (value === null || value === someValue) throw new TypeError(`set #${index} says no value`)
    const other = sets.get(value)
    if (other !== undefined) {
      throw new TypeError(`sets #${other.operation.index} and #${index} of ${key} wrote the same value`)
    }
    sets.set(value, write)
  }
  return sets
}

/** @returns undefined for what cannot be there */
function foundBy(
  { value, returnedAt }: Operation,
  sets: ReadonlyMap<string, Write>,
): Write | 'absent' | 'present' | undefined {
  const hasBegun = ({ invokedAt }: Write) => returnedAt !== null && invokedAt <= returnedAt
  if (value === null) return 'absent'
  if (value === someValue) return [...sets.values()].some(hasBegun) ? 'present' : undefined
  const set = sets.get(value)
  return set !== undefined && hasBegun(set) ? set : undefined
}

function ofKey(byKey: Map<string, Operation[]>, key: string): Operation[] {
  const own = byKey.get(key) ?? []
  if (own.length === 0) byKey.set(key, own)
  return own
}
