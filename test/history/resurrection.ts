import type { History, Violation } from './history.ts'
import { type KeyHistory, type Read, splitByKey, type Write } from './key-history.ts'
import { type ClockTolerances, RealTime } from './real-time.ts'
import { named } from './wording.ts'

/**
 * What was deleted, cleared or has expired never comes back (G7): no get returns a value
 * - that had expired before the get began, or
 * - whose set was acknowledged before a delete, a clear, or a set that has expired since, which was itself acknowledged
 *   before the get began.
 *
 * A set of unknown outcome may take effect after any delete, so its value may come back until it has expired. It holds where
 * r + w > n. Stale reads of values that live are the matter of other rules.
 */
export function checkResurrection(history: History, tolerances: ClockTolerances = {}): Violation[] {
  const time = new RealTime(tolerances)
  return splitByKey(history).flatMap((key) => key.reads.flatMap((read) => resurrected(key, read, time)))
}

function resurrected({ key, writes }: KeyHistory, read: Read, time: RealTime): Violation[] {
  if (read.found === 'absent') return []
  const sets = writes.filter((write) => time.canBeFoundBy(write, read))
  const graves = writes.filter((write) => isGraveBefore(read, write, time))
  const buried = sets.map((set) => graves.find((grave) => time.isBefore(set, grave)))
  const grave = buried[0]
  if (buried.includes(undefined)) return []
  const killers = grave === undefined ? [] : [grave.operation.index]
  const found = typeof read.found === 'object' ? [read.found.operation.index] : []
  const operations = [...found, ...killers, read.operation.index]
  return [{ rule: 'resurrection', key, operations, explanation: explained(read, grave) }]
}

function explained({ operation }: Read, grave: Write | undefined): string {
  if (grave === undefined) return `${named(operation)} returned what had expired before it began`
  const why = grave.kind === 'set' ? 'which has expired since' : 'which was acknowledged before the get began'
  return `${named(operation)} returned what came before ${named(grave.operation)}, ${why}`
}

/** Whether nothing of what came before the write may be seen by the read, because nothing lives since. */
function isGraveBefore({ invokedAt }: Read, write: Write, time: RealTime): boolean {
  if (write.acknowledgedAt >= invokedAt) return false
  return write.kind !== 'set' || time.mustBeExpiredAt(write, invokedAt)
}
