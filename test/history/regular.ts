import type { History, Violation } from './history.ts'
import { inventions, type KeyHistory, type Read, splitByKey } from './key-history.ts'
import { type ClockTolerances, RealTime } from './real-time.ts'
import { listed, named } from './wording.ts'
import { type Deadlock, WriteOrder } from './write-order.ts'

/**
 * Regular reads of many writers, which is what quorum mode promises where r + w > n and 2w > n (G1 and G2).
 *
 * There is one order of all writes of a key, the order of the versions under which they were acknowledged, such that
 * - of two acknowledged writes of which one ended before the other began, the later one is newer, whatever the clocks say:
 *   a write that meets a newer version is tried again with a later one;
 * - a read finds a write that began before the read ended, and that is no older than any write that was acknowledged before
 *   the read began. Next to those it may find one that overlaps with it, seen early, and the next read may miss that again:
 *   nothing is said here about two reads.
 *
 * A write of unknown outcome overlaps with everything after its invocation. It may have reached one replica under a version
 * that a fast clock gave: then it may be newer than writes acknowledged long after it, be seen or not be seen by each read,
 * and stay so until a repair or a sweep has spread it. A write that failed for certain is found by nobody.
 *
 * A value that has expired is still a write, which reads as absent: what is older than it must not be seen either. A
 * clear is a delete of each key, that may strike whatever overlaps with it, also several times.
 */
export function checkRegular(history: History, tolerances: ClockTolerances = {}): Violation[] {
  const time = new RealTime(tolerances)
  return splitByKey(history).flatMap((key) => [
    ...inventions('regular', key),
    ...brokenOrder('regular', key, key.reads, time),
  ])
}

/**
 * No acknowledged write is lost (G2): when all is well again, what is read of a key is a newest write: an acknowledged one
 * that no other acknowledged one came after, or one of unknown outcome.
 *
 * @param healedAt gets that began then or later tell what the store holds in the end
 */
export function checkLostWrites(history: History, healedAt: number, tolerances: ClockTolerances = {}): Violation[] {
  const time = new RealTime(tolerances)
  return splitByKey(history).flatMap((key) =>
    brokenOrder(
      'lost-write',
      key,
      key.reads.filter(({ invokedAt }) => invokedAt >= healedAt),
      time,
    ),
  )
}

function brokenOrder(
  rule: 'regular' | 'lost-write',
  { key, writes }: KeyHistory,
  reads: readonly Read[],
  time: RealTime,
): Violation[] {
  const deadlock = new WriteOrder(writes, reads, time).deadlock()
  if (deadlock === null) return []
  const operations = [...deadlock.writes, ...deadlock.reads].map(({ operation }) => operation)
  const explanation = explained(deadlock, time)
  return [{ rule, key, operations: operations.map(({ index }) => index).toSorted((a, b) => a - b), explanation }]
}

function explained({ writes, reads }: Deadlock, time: RealTime): string {
  const [read, another] = reads
  if (read === undefined) return 'no order of the writes is left'
  if (another !== undefined) {
    const names = listed(reads.map(({ operation }) => named(operation)))
    return `${names} contradict each other: no one order of ${listed(writes.map(({ operation }) => named(operation)))} explains them all`
  }
  const known = writes.find((write) => write !== read.found && write.acknowledgedAt < read.invokedAt)
  if (typeof read.found === 'object' && time.mustBeExpiredAt(read.found, read.invokedAt)) {
    return `${named(read.operation)} returned a value that had expired before it began`
  }
  if (known === undefined) return `${named(read.operation)} found nothing that it can have found`
  const reason = `although ${named(known.operation)} was acknowledged before it began`
  return read.found === 'absent'
    ? `${named(read.operation)}, ${reason} and nothing that takes its place can have come since`
    : `${named(read.operation)}, ${reason} and is newer`
}
