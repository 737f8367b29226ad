import type { ReadPlan } from '../../src/core/read.ts'
import { type CorruptRecord, isCorrupt, type VersionedRecord } from '../../src/core/record.ts'
import { compareRecords } from '../../src/core/resolve.ts'

/** Something that happens to a read. */
export type ReadEvent =
  | { readonly replica: number; readonly answer: VersionedRecord | CorruptRecord | null }
  | { readonly replica: number; readonly fails: true }
  | { readonly replica: number; readonly putBack: 'holds' | 'failed' }

export interface TwinStep {
  readonly settled: 'met' | 'lost' | null
  readonly writeBack: { readonly record: VersionedRecord; readonly replicas: readonly number[] } | null
  readonly repairs: readonly { readonly replica: number; readonly record: VersionedRecord; readonly held: string }[]
}

/**
 * The dumb twin of `KeyRead`: it keeps no state, and tells what the last event of a history must lead to by looking
 * at the whole history again, in the words of the protocol.
 */
export function twinStep(plan: ReadPlan, history: readonly ReadEvent[], nowMs: number): TwinStep {
  const before = phaseAfter(plan, history.slice(0, -1))
  const after = phaseAfter(plan, history)
  if (before.phase === 'open' && after.phase === 'open') return { settled: null, writeBack: null, repairs: [] }
  const settled = after.phase !== before.phase && isFinal(after.phase) ? after.phase : null
  const writeBack =
    before.phase === 'open' && after.putBackTo !== null && after.winner !== null
      ? { record: after.winner, replicas: after.putBackTo }
      : null
  return { settled, writeBack, repairs: repairsDue(plan, history, before.phase, after.phase, nowMs) }
}

type Phase = 'open' | 'putting back' | 'met' | 'lost'

interface State {
  readonly phase: Phase
  readonly winner: VersionedRecord | null
  readonly putBackTo: readonly number[] | null
}

function isFinal(phase: Phase): phase is 'met' | 'lost' {
  return phase === 'met' || phase === 'lost'
}

function phaseAfter(plan: ReadPlan, history: readonly ReadEvent[]): State {
  const { decidedAt, vote } = ballot(plan, history)
  if (vote === 'open') return { phase: 'open', winner: null, putBackTo: null }
  const first = history.slice(0, decidedAt)
  const winner = plan.holdersNeeded === 0 ? newestIn(first) : keptAsLongAsAny(first)
  if (vote === 'lost') return { phase: 'lost', winner, putBackTo: null }
  if (plan.holdersNeeded === 0 || winner === null) return { phase: 'met', winner, putBackTo: null }

  const holders = holdersIn(first, winner)
  if (holders.size >= plan.holdersNeeded) return { phase: 'met', winner, putBackTo: null }
  const everyone = Array.from({ length: plan.n }, (_, replica) => replica)
  const putBackTo = everyone.filter((replica) => !holders.has(replica))
  for (let end = decidedAt; end <= history.length; end += 1) {
    const holding = holdersIn(history.slice(0, end), winner)
    const failed = everyone.filter((replica) => !holding.has(replica) && failedIn(history.slice(0, end), replica))
    if (holding.size >= plan.holdersNeeded) return { phase: 'met', winner, putBackTo }
    if (plan.n - failed.length < plan.holdersNeeded) return { phase: 'lost', winner, putBackTo }
  }
  return { phase: 'putting back', winner, putBackTo }
}

interface Ballot {
  readonly vote: 'open' | 'met' | 'lost'
  /** How many events it took. */
  readonly decidedAt: number
}

function ballot(plan: ReadPlan, history: readonly ReadEvent[]): Ballot {
  let answers = 0
  let failures = 0
  for (const [index, event] of history.entries()) {
    if ('putBack' in event) continue
    if ('fails' in event || isCorrupt(event.answer)) failures += 1
    else answers += 1
    const decidedAt = index + 1
    if (answers >= plan.r) return { vote: 'met', decidedAt }
    const mayStillCome = plan.n - answers - failures
    if (answers + mayStillCome < plan.r) return { vote: 'lost', decidedAt }
  }
  return { vote: 'open', decidedAt: history.length }
}

function recordsIn(history: readonly ReadEvent[]): { replica: number; record: VersionedRecord }[] {
  return history.flatMap((event) =>
    'answer' in event && event.answer !== null && !isCorrupt(event.answer)
      ? [{ replica: event.replica, record: event.answer }]
      : [],
  )
}

function newestIn(history: readonly ReadEvent[]): VersionedRecord | null {
  const records = recordsIn(history).map(({ record }) => record)
  return records.find((record) => records.every((other) => compareRecords(record, other) >= 0)) ?? null
}

/** The newest of them, retained as long as any of them is: the older ones may live elsewhere. */
function keptAsLongAsAny(history: readonly ReadEvent[]): VersionedRecord | null {
  const newest = newestIn(history)
  const longest = recordsIn(history)
    .map(({ record }) => record.retainUntilMs)
    .sort((a, b) => b - a)[0]
  return newest === null || longest === undefined ? null : { ...newest, retainUntilMs: longest }
}

function holdersIn(history: readonly ReadEvent[], winner: VersionedRecord): ReadonlySet<number> {
  const holders = new Set(
    recordsIn(history)
      .filter(({ record }) => {
        const order = compareRecords(record, winner)
        return order > 0 || (order === 0 && record.retainUntilMs >= winner.retainUntilMs)
      })
      .map(({ replica }) => replica),
  )
  for (const event of history) if ('putBack' in event && event.putBack === 'holds') holders.add(event.replica)
  return holders
}

function failedIn(history: readonly ReadEvent[], replica: number): boolean {
  return history.some((event) => 'putBack' in event && event.replica === replica && event.putBack === 'failed')
}

/**
 * Repairs are made known by answers, never by failures: all that are due when the read is met, afterwards those that
 * the new answer shows; what cannot be read at all only once a quorum has answered. A read that puts its answer back repairs that way, and a lost read has nothing to repair with.
 */
function repairsDue(
  { r }: ReadPlan,
  history: readonly ReadEvent[],
  before: Phase,
  after: Phase,
  nowMs: number,
): TwinStep['repairs'] {
  const last = history.at(-1)
  if (last === undefined || !('answer' in last)) return []
  const isFirst = before === 'open'
  if (isFirst && after !== 'met') return []
  const newest = newestIn(history)
  const earlier = newestIn(history.slice(0, -1))
  if (newest === null) return []
  const isQuorum = history.filter((event) => 'answer' in event && !isCorrupt(event.answer)).length >= r
  const isNews = earlier === null || compareRecords(newest, earlier) > 0
  return history.flatMap((event) => {
    if (!('answer' in event) || (!isFirst && !isNews && event !== last)) return []
    const isSpared = isCorrupt(event.answer) && event.answer.storedIdentity === undefined && !isQuorum
    const held = isSpared ? null : behind(event.answer, newest, nowMs)
    return held === null ? [] : [{ replica: event.replica, record: newest, held }]
  })
}

function behind(answer: VersionedRecord | CorruptRecord | null, newest: VersionedRecord, nowMs: number): string | null {
  if (answer === null) return newest.retainUntilMs > nowMs ? 'absent' : null
  if (isCorrupt(answer)) return 'corrupt'
  return compareRecords(answer, newest) < 0 ? 'stale' : null
}
