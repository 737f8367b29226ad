import type { KeyHistory, Read, Write } from './key-history.ts'
import type { RealTime } from './real-time.ts'

/** Something that happens at one moment: `to` is infinite for what may not happen at all. */
interface Deed {
  readonly from: number
  readonly to: number
  readonly isDue: boolean
  readonly read: Read | null
  readonly write: Write | null
}

/**
 * The dumb twin of the search for a linearization: tries every order at all moments, which have to be whole numbers up to
 * `timeMax`. A clear is a delete and two more that need not happen.
 */
export function isLinearizable({ writes, reads }: KeyHistory, time: RealTime, timeMax: number): boolean {
  const deeds = [...writes.flatMap((write) => deedsOf(write, timeMax)), ...reads.map(readDeed)]
  const failed = new Set<string>()
  const canGoOn = (at: number, left: readonly Deed[], held: Write | null): boolean => {
    if (left.every(({ isDue }) => !isDue)) return true
    const where = `${at} ${left.map((deed) => deeds.indexOf(deed)).join()} ${held?.operation.index}`
    if (at > timeMax || left.some(({ isDue, to }) => isDue && to < at) || failed.has(where)) return false
    failed.add(where)
    const happens = left.filter(({ from, to }) => from <= at && at <= to)
    const ways = happens.flatMap((deed) => after(deed, at, held, time).map((then) => ({ deed, then })))
    return (
      canGoOn(at + 1, left, held) ||
      ways.some(({ deed, then }) => {
        const rest = left.filter((each) => each !== deed)
        return canGoOn(at, rest, then)
      })
    )
  }
  return canGoOn(0, deeds, null)
}

function deedsOf(write: Write, timeMax: number): Deed[] {
  const from = write.invokedAt
  const isDue = write.acknowledgedAt <= timeMax
  const to = isDue ? write.acknowledgedAt : timeMax
  const deed = { from, to, isDue, read: null, write }
  if (write.kind !== 'clear') return [deed]
  const more = { ...deed, isDue: false }
  return [deed, { ...more }, { ...more }]
}

function readDeed(read: Read): Deed {
  return { from: read.invokedAt, to: read.returnedAt, isDue: true, read, write: null }
}

/** What the key may hold afterwards; nothing at all when it cannot happen. */
function after({ read, write }: Deed, at: number, held: Write | null, time: RealTime): (Write | null)[] {
  if (read !== null) return explains(read, at, held, time) ? [held] : []
  if (write === null) return []
  if (write.kind === 'set') return [write]
  if (write.kind === 'delete' || held === null) return [null]
  const canPassBy = time.mayBeExpiredAt(held, at) || time.maySurvive(held, write)
  return [...(held.invokedAt <= write.endedAt ? [null] : []), ...(canPassBy ? [held] : [])]
}

function explains({ found }: Read, at: number, held: Write | null, time: RealTime): boolean {
  if (found === 'absent') return held === null || time.mayBeExpiredAt(held, at)
  if (held === null || time.mustBeExpiredAt(held, at)) return false
  return found === 'present' || found === held
}
