import { circlesOf, pathBetween } from './circles.ts'
import type { History, Violation } from './history.ts'
import { type KeyHistory, splitByKey, type Write } from './key-history.ts'
import { type ClockTolerances, RealTime } from './real-time.ts'
import { type Item, isRead, RecordOrder } from './record-order.ts'
import { named } from './wording.ts'

/**
 * Reads never go back in time, for all clients together (G3): a get that begins after another one has returned finds the
 * same record or a newer one.
 *
 * Which is newer follows from real time and from the versions that the history tells. A write that meets newer records is
 * tried again under a later version, so until it is acknowledged its value may be found, then another, then the first one
 * again: each time a newer record. Once it is acknowledged it has one version, and whoever has seen past it does not see it
 * again. A get that found nothing has found a record too: a deleted one, or one that had expired by then.
 *
 * Versions order writes only while their clocks agree: after a dead record was purged, a slow clock may rightly give an older
 * version to what takes its place. A recorder of such a run leaves them out.
 */
export function checkMonotonicReads(history: History, tolerances: ClockTolerances = {}): Violation[] {
  const time = new RealTime(tolerances)
  return splitByKey(history).flatMap((key) => violationsOf(key, time))
}

/** All that lies on one circle is the same record. Two that cannot be are a step back, if it takes two reads to see that. */
function violationsOf(history: KeyHistory, time: RealTime): Violation[] {
  const order = new RecordOrder(history, time)
  return circlesOf(order.edges).flatMap((circle) => {
    const items = circle.flatMap((node) => order.itemAt(node) ?? [])
    const ways = contradictions(items, time).map(([one, other]) => circleThrough(order, one, other))
    const way = ways.find(hasReadAfterRead)
    if (way === undefined) return []
    const operations = [...new Set(way.map(({ operation }) => operation.index))]
    return [{ rule: 'monotonic' as const, key: history.key, operations, explanation: explained(way) }]
  })
}

/** Pairs of items that cannot be one and the same record. */
function* contradictions(items: readonly Item[], time: RealTime): Generator<readonly [Item, Item]> {
  for (const item of items) {
    const write = writeOf(item)
    if (write === null) continue
    for (const other of items) if (!mayBe(other, write, time)) yield [item, other]
  }
}

function hasReadAfterRead(way: readonly Item[]): boolean {
  return way.some((item, index) => {
    const before = way[index - 1]
    return before !== undefined && isRead(before) && isRead(item)
  })
}

/** The write that left the record, as far as the item alone tells. */
function writeOf(item: Item): Write | null {
  if (!isRead(item)) return item
  return typeof item.found === 'object' ? item.found : null
}

function mayBe(item: Item, write: Write, time: RealTime): boolean {
  if (!isRead(item)) return item === write
  return typeof item.found === 'object' ? item.found === write : time.canBeFoundBy(write, item)
}

function circleThrough(order: RecordOrder, one: Item, other: Item): Item[] {
  return [...wayBetween(order, one, other), ...wayBetween(order, other, one).slice(1)]
}

function wayBetween(order: RecordOrder, from: Item, to: Item): Item[] {
  const nodes = pathBetween(order.edges, order.items.indexOf(from), order.items.indexOf(to)) ?? []
  return nodes.flatMap((node) => order.itemAt(node) ?? [])
}

function explained(way: readonly Item[]): string {
  const steps = way.map((item, index) => `${named(item.operation)}${reason(way[index - 1], item)}`)
  return `each of these found or left a record no older than the one before it, round in a circle: ${steps.join('; ')}`
}

function reason(older: Item | undefined, newer: Item): string {
  if (older === undefined) return ''
  const { index, returnedAt } = older.operation
  if (isRead(older) && older.found === newer) return `, which #${index} found`
  if (returnedAt !== null && returnedAt < newer.operation.invokedAt) return `, which began after #${index} had ended`
  return `, by the version`
}
