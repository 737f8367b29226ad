import { searchQuorum } from '../../core/quorum.ts'
import { type CorruptRecord, isCorrupt, isDead, type RecordHead } from '../../core/record.ts'
import { compareHeads, isStale } from '../../core/resolve.ts'
import { isRetired, type Retirement } from '../../core/retirement.ts'
import { versionTimeMs } from '../../core/version.ts'

/** What a replica said about a key: a head, nothing, something unreadable; undefined when it was not asked, or failed. */
export type MemberAnswer = RecordHead | CorruptRecord | null | undefined

export interface DecisionRules {
  readonly n: number
  readonly w: number
  /** By replica: whether its silence means anything; false for one that is joining. */
  readonly isFull: readonly boolean[]
  /** A live record with a version time up to this may be a zombie (rule D5); null when none can exist. */
  readonly zombiesUntilMs: number | null
  /** What is retired is not given to a replica that holds nothing: it may have been purged there. */
  readonly retirement: Retirement
  readonly nowMs: number
}

/** What is to be done about one key. */
export interface KeyDecision {
  readonly spread: Spread | null
  /** To be purged at exactly these versions, before anything is spread. */
  readonly zombies: readonly Zombie[]
  /** The replicas at which the newest record stays, neither spread nor dropped, until more can tell; else none. */
  readonly leftAt: readonly number[]
  /** The replicas that do not hold what they should. */
  readonly differing: readonly number[]
}

export interface Spread {
  /** The newest head, with the longest retention that any record of the key has at any replica, as after a write (rule D1). */
  readonly head: RecordHead
  /** The replicas that hold it. */
  readonly from: readonly number[]
  readonly to: readonly Lack[]
}

/** A replica that lacks the newest record. */
export interface Lack {
  readonly member: number
  /** What it holds instead; null for nothing. */
  readonly held: RecordHead | CorruptRecord | null
}

export interface Zombie {
  readonly member: number
  readonly head: RecordHead
}

const nothing: KeyDecision = { spread: null, zombies: [], leftAt: [], differing: [] }

/** Decides from what each replica answered. Pure; the answers are by replica, one for each of the store's. */
export function decideKey(answers: readonly MemberAnswer[], rules: DecisionRules): KeyDecision {
  if (isAgreed(answers)) return nothing
  const remaining = [...answers]
  const zombies: Zombie[] = []
  for (let winner = newestOf(remaining); winner !== null; winner = newestOf(remaining)) {
    const from = holdersOf(remaining, winner)
    const verdict = verdictOf(winner, holdingOf(remaining, from, rules), rules)
    if (verdict !== 'zombie') return decisionFor(winner, from, verdict, { remaining, zombies, rules })
    for (const member of from) {
      zombies.push({ member, head: winner })
      remaining[member] = null
    }
  }
  return { ...nothing, zombies, differing: zombies.map(({ member }) => member) }
}

export type Verdict = 'spread' | 'left' | 'zombie'

/** How often a record is held, and what speaks for and against it elsewhere. */
export interface Holding {
  /** Full replicas that hold it. */
  readonly holders: number
  /** Full replicas that hold nothing for the key. */
  readonly lacking: number
  /** Full replicas that hold an older record of the key. */
  readonly outdated: number
  /** Replicas that were not asked, failed, hold something unreadable, or are joining. */
  readonly unknown: number
}

/**
 * Rule D5. What was acknowledged longer ago than the zombie age is known to every full replica, because each has exchanged
 * since. So a record that is live, that old, that a full replica knows nothing of, and that fewer than w hold was deleted
 * and purged elsewhere, or never acknowledged, unless replicas of which nothing is known could make it w. A full replica
 * with an older record tells that it was never deleted: it came in a write that failed, and may have taken the place of what
 * was acknowledged before, so to drop it would lose that. A dead record can do no harm: it is always spread.
 */
export function verdictOf(
  winner: RecordHead,
  { holders, lacking, outdated, unknown }: Holding,
  { w, zombiesUntilMs, nowMs }: Pick<DecisionRules, 'w' | 'zombiesUntilMs' | 'nowMs'>,
): Verdict {
  if (zombiesUntilMs === null || holders >= w || isDead(winner, nowMs)) return 'spread'
  if (versionTimeMs(winner.version) > zombiesUntilMs) return 'spread'
  if (outdated > 0 || (holders > 0 && lacking === 0)) return 'spread'
  return holders + unknown >= w ? 'left' : 'zombie'
}

function holdingOf(answers: readonly MemberAnswer[], from: readonly number[], { isFull }: DecisionRules): Holding {
  const counts = { holders: 0, lacking: 0, outdated: 0, unknown: 0 }
  for (const [member, answer] of answers.entries()) {
    if (isFull[member] !== true || answer === undefined || isCorrupt(answer)) counts.unknown += 1
    else if (answer === null) counts.lacking += 1
    else if (from.includes(member)) counts.holders += 1
    else counts.outdated += 1
  }
  return counts
}

interface Rest {
  readonly remaining: readonly MemberAnswer[]
  readonly zombies: readonly Zombie[]
  readonly rules: DecisionRules
}

function decisionFor(
  winner: RecordHead,
  from: readonly number[],
  verdict: 'spread' | 'left',
  { remaining, zombies, rules }: Rest,
): KeyDecision {
  const head = withLongestRetention(winner, remaining)
  const lacks = lacksOf(remaining, head, rules)
  const differing = new Set([...zombies, ...lacks].map(({ member }) => member))
  const leftAt = verdict === 'left' && lacks.length > 0 ? from : []
  const decision = { zombies, leftAt, differing: [...differing] }
  const to = verdict === 'left' ? [] : lacks.filter(({ held }) => !isCorrupt(held) || isReadElsewhere(remaining, rules))
  return { ...decision, spread: to.length === 0 ? null : { head, from, to } }
}

function lacksOf(answers: readonly MemberAnswer[], winner: RecordHead, rules: DecisionRules): Lack[] {
  const lacks: Lack[] = []
  for (const [member, held] of answers.entries()) {
    if (held === undefined) continue
    if (isCorrupt(held) || isDue(held, winner, rules)) lacks.push({ member, held })
  }
  return lacks
}

function isDue(held: RecordHead | null, winner: RecordHead, { retirement, nowMs }: DecisionRules): boolean {
  return isStale(held, winner, nowMs) && !(held === null && isRetired(winner, retirement))
}

/**
 * Something unreadable may be all that is left of an acknowledged write, and what is put there replaces it. So it waits
 * until so many others were read that no acknowledged record can have been missed.
 */
export function isReadElsewhere(answers: readonly MemberAnswer[], { n, w, isFull }: DecisionRules): boolean {
  const read = answers.filter((answer, member) => isFull[member] === true && answer !== undefined && !isCorrupt(answer))
  return read.length >= searchQuorum(n, w)
}

function isAgreed(answers: readonly MemberAnswer[]): boolean {
  const [first] = answers
  if (first === null || first === undefined || isCorrupt(first)) return false
  for (const answer of answers) {
    if (answer === null || answer === undefined || answer.kind !== first.kind) return false
    if (answer.version !== first.version) return false
  }
  return true
}

function newestOf(answers: readonly MemberAnswer[]): RecordHead | null {
  let newest: RecordHead | null = null
  for (const answer of answers) {
    if (answer === undefined || answer === null || isCorrupt(answer)) continue
    if (newest === null || compareHeads(answer, newest) > 0) newest = answer
  }
  return newest
}

function holdersOf(answers: readonly MemberAnswer[], winner: RecordHead): number[] {
  return [...answers.keys()].filter((member) => {
    const answer = answers[member] ?? null
    return answer !== null && !isCorrupt(answer) && compareHeads(answer, winner) === 0
  })
}

function withLongestRetention(winner: RecordHead, answers: readonly MemberAnswer[]): RecordHead {
  const { key, version, kind, expiresAtMs } = winner
  let { retainUntilMs } = winner
  for (const answer of answers) {
    if (answer === undefined || answer === null || isCorrupt(answer)) continue
    retainUntilMs = Math.max(retainUntilMs, answer.retainUntilMs)
  }
  return { key, version, kind, expiresAtMs, retainUntilMs }
}
