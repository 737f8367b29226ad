import { isAcknowledged, type KeyHistory, type Read, type Write } from './key-history.ts'
import type { RealTime } from './real-time.ts'

/** The dumb twin of the search for an order of writes: looks at every order there is. */
export function isRegular({ writes, reads }: KeyHistory, time: RealTime): boolean {
  return permutations(writes).some(
    (order) => keepsRealTime(order, time) && reads.every((read) => isExplained(read, order, time)),
  )
}

function keepsRealTime(order: readonly Write[], time: RealTime): boolean {
  return order.every((write, place) => order.slice(place + 1).every((newer) => !time.isBefore(newer, write)))
}

/** Whether the read can have found a write with nothing above it that it had to know of. */
function isExplained(read: Read, order: readonly Write[], time: RealTime): boolean {
  const known = order.findLastIndex((write) => isAcknowledged(write) && write.acknowledgedAt < read.invokedAt)
  if (known < 0 && read.found === 'absent') return true
  return order.some((write, place) => place >= known && time.canBeFoundBy(write, read))
}

function permutations<Item>(items: readonly Item[]): Item[][] {
  if (items.length === 0) return [[]]
  return items.flatMap((first, index) => permutations(items.toSpliced(index, 1)).map((rest) => [first, ...rest]))
}

type Item = Write | Read

/** Whether the first must not be newer than the other. */
type Relation = (one: Item, other: Item, time: RealTime) => boolean

/** As far as it takes no two reads to see that. */
export const readsApart: Relation = (one, other, time) => {
  if ('found' in one) return one.found === other
  return 'found' in other ? one.acknowledgedAt < other.invokedAt : time.isBefore(one, other)
}

export const readsTogether: Relation = (one, other, time) => {
  if ('found' in one && 'found' in other) return one.returnedAt < other.invokedAt
  return readsApart(one, other, time)
}

/**
 * The dumb twin of the search for steps back: gives every record that was written last, or found, every age there is. What
 * has the same age is the same record.
 */
export function haveAges({ writes, reads }: KeyHistory, time: RealTime, mustNotBeNewer: Relation): boolean {
  const agrees = (one: Item, oneAge: number, other: Item, otherAge: number): boolean => {
    if (mustNotBeNewer(one, other, time) && oneAge > otherAge) return false
    return oneAge !== otherAge || isSameRecord(one, other, time)
  }

  const items: readonly Item[] = [...writes, ...reads]
  const place = (ages: readonly number[]): boolean => {
    const item = items[ages.length]
    if (item === undefined) return true
    return items.some((_, age) => {
      const fits = ages.every((other, index) => {
        const earlier = items[index]
        return earlier === undefined || (agrees(earlier, other, item, age) && agrees(item, age, earlier, other))
      })
      return fits && place([...ages, age])
    })
  }
  return place([])
}

function isSameRecord(one: Item, other: Item, time: RealTime): boolean {
  if (!('found' in one)) return 'found' in other ? isFoundBy(one, other, time) : one === other
  if (typeof one.found !== 'object') return 'found' in other || isFoundBy(other, one, time)
  return 'found' in other ? isFoundBy(one.found, other, time) : one.found === other
}

function isFoundBy(write: Write, read: Read, time: RealTime): boolean {
  return typeof read.found === 'object' ? read.found === write : time.canBeFoundBy(write, read)
}
