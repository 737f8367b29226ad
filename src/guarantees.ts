import type { ReplicaFacts } from './config/replica-rules.ts'
import type { ResolvedOptions } from './config/resolve-options.ts'
import { type QuorumCounts, readsMeetWrites, writesMeetWrites } from './config/resolve-quorum.ts'
import { toleratedFailures } from './core/quorum.ts'

export type GuaranteeId = 'G1' | 'G2' | 'G3' | 'G4' | 'G5' | 'G6' | 'G7' | 'G8' | 'G9'

export interface Guarantee {
  readonly id: GuaranteeId
  readonly statement: string
  readonly holds: boolean
  readonly because: string
}

/** What a store with its options and replicas promises, and what it does not. `toString()` gives a table to read. */
export interface Guarantees {
  readonly entries: readonly Guarantee[]
  readonly notes: readonly string[]
  toString(): string
}

/** Whether a guarantee holds, and why. */
type Verdict = readonly [holds: boolean, because: string]

interface Facts {
  readonly options: ResolvedOptions
  /** The options of the store itself; for the store, the same. */
  readonly store: ResolvedOptions
  /** What reads can count on: all that shares the replicas, the store and the view, wrote with this w at least. */
  readonly reached: QuorumCounts
  readonly replicas: readonly ReplicaFacts[]
  /** Replicas at which another process could come between comparing and writing; none when there is one process only. */
  readonly racy: readonly ReplicaFacts[]
}

const statements: Readonly<Record<GuaranteeId, string>> = {
  G1: 'a read returns the newest acknowledged write, or one newer',
  G2: "an acknowledged write is never lost to another writer's or its own slow clock",
  G3: 'reads never go back in time, for all clients together',
  G4: 'single-key operations are linearizable',
  G5: 'with f replicas down, hung or cut off, every operation still succeeds, at the speed of the rest',
  G6: 'replicas become identical, also when nothing is ever read',
  G7: 'deleted, cleared and expired data never comes back',
  G8: 'no failure looks like an answer',
  G9: 'memory, queues, retries and open requests stay bounded while a replica is dead',
}

/** Takes the options of a store or of a view of it, its replicas, and for a view the options of the store. */
export function describeGuarantees(
  options: ResolvedOptions,
  replicas: readonly ReplicaFacts[],
  store: ResolvedOptions = options,
): Guarantees {
  const racy = options.singleProcess ? [] : replicas.filter(isRacyBetweenProcesses)
  const reached = { n: options.n, r: options.r, w: Math.min(options.w, store.w) }
  const facts = { options, store, reached, replicas, racy }
  const verdicts: Readonly<Record<GuaranteeId, Verdict>> = {
    G1: newestRead(facts),
    G2: writesKept(facts),
    G3: monotonicReads(facts),
    G4: linearizable(facts),
    G5: failuresTolerated(facts),
    G6: identicalReplicas(facts),
    G7: nothingComesBack(facts),
    G8: [true, 'a replica that fails counts toward no quorum, and a quorum that is lost rejects'],
    G9: boundedWork(facts),
  }
  const entries = Object.keys(statements).map((id) => entry(id as GuaranteeId, verdicts))
  const notes = notesFor(facts)
  return Object.freeze({
    entries: Object.freeze(entries),
    notes: Object.freeze(notes),
    toString: () => guaranteesText(entries, notes),
  })
}

/** Nobody can come in between at a replica that is private to this process. */
function isRacyBetweenProcesses({ guarantees }: ReplicaFacts): boolean {
  return guarantees.putIfNewer === 'racy' && guarantees.sharedBy !== 'process'
}

function entry(id: GuaranteeId, verdicts: Readonly<Record<GuaranteeId, Verdict>>): Guarantee {
  const [holds, because] = verdicts[id]
  return Object.freeze({ id, statement: statements[id], holds, because })
}

function newestRead(facts: Facts): Verdict {
  const { reached, racy } = facts
  if (!readsMeetWrites(reached)) return [false, `${sumText(facts)}: a read may miss every replica that acknowledged`]
  if (racy.length > 0) return racyVerdict(racy)
  const sum = sumText(facts)
  return [
    true,
    isChecked(facts) ? sum : `${sum}; but the emptiness of a replica that was wiped votes: lineage: 'assumed'`,
  ]
}

function writesKept({ reached, racy }: Facts): Verdict {
  const { n, w } = reached
  if (!writesMeetWrites(reached)) return [false, `2w = ${2 * w} <= n = ${n}: two writes may meet at no replica`]
  return racy.length > 0 ? racyVerdict(racy) : [true, `2w = ${2 * w} > n = ${n}`]
}

function monotonicReads(facts: Facts): Verdict {
  const { options, racy } = facts
  const isAsked = options.reads === 'monotonic' || options.consistency === 'linearizable'
  if (!isAsked) return [false, "reads: 'quorum'; say reads: 'monotonic' for it"]
  if (!everyoneMeets(facts)) return [false, `${sumText(facts)}: a read may miss what another one saw`]
  if (racy.length > 0) return racyVerdict(racy)
  return [true, `what a read returns is on w = ${options.w} replicas first`]
}

function linearizable(facts: Facts): Verdict {
  const { options, reached, racy } = facts
  if (options.consistency !== 'linearizable')
    return [false, "consistency: 'quorum'; say consistency: 'linearizable' for it"]
  if (!everyoneMeets(facts) || !writesMeetWrites(reached)) return [false, sumText(facts)]
  return racy.length > 0
    ? racyVerdict(racy)
    : [true, 'writes ask a read quorum first, reads write back, all replicas are atomic']
}

function failuresTolerated({ options: { n, r, w } }: Facts): Verdict {
  const f = toleratedFailures(n, r, w)
  const numbers = `f = n - max(r, w) = ${n} - ${Math.max(r, w)} = ${f}`
  return [true, f === 0 ? `${numbers}: not one replica may be missing` : numbers]
}

function identicalReplicas(facts: Facts): Verdict {
  const { sweepCron, sweepEveryMs, sweepFullyEveryMs } = facts.options
  if (!isSweeping(facts)) {
    const why = isChecked(facts) ? 'no sweep is scheduled' : "with lineage: 'assumed' no sweep is scheduled"
    return [false, `${why}, and nobody sweeps unless asked: say store.sweep(), or run keyv-quorum sweep`]
  }
  const often = sweepCron === '' ? `every ${spelledMs(sweepEveryMs)}` : `at '${sweepCron}'`
  const fully = sweepFullyEveryMs === 0 ? 'each time' : `every ${spelledMs(sweepFullyEveryMs)}`
  return [true, `a sweep runs ${often}, and over everything ${fully}`]
}

function nothingComesBack(facts: Facts): Verdict {
  if (!isChecked(facts)) {
    return [false, "lineage: 'assumed': a replica that was away or wiped takes part at once, with what it holds"]
  }
  const rule = 'a replica that was away for long, or lost its data, counts for nothing until a sweep has filled it'
  const purge = `tombstones are kept for up to ${spelledMs(facts.options.gcGraceMs)}`
  return [
    true,
    isSweeping(facts) ? `${rule}; ${purge}` : `${rule}; no sweep is scheduled, and without one none is purged by age`,
  ]
}

function isChecked({ options }: Facts): boolean {
  return options.lineage === 'checked'
}

function isSweeping(facts: Facts): boolean {
  return isChecked(facts) && (facts.options.sweepEveryMs > 0 || facts.options.sweepCron !== '')
}

function boundedWork({ options }: Facts): Verdict {
  const keys =
    `at most ${grouped(options.queuedKeysMax)} keys wait for each replica and ${grouped(options.repairsMax)} for repair, ` +
    `and ${grouped(options.hintsMax)} are remembered for one that misses them`
  return [
    true,
    `${keys}; a call ends after ${grouped(options.callTimeoutMs)} ms, an operation after ${grouped(options.deadlineMs)} ms`,
  ]
}

function racyVerdict(racy: readonly ReplicaFacts[]): Verdict {
  return [
    false,
    `at ${namesOf(racy)}, another process can come between comparing and writing; it holds within one process: say ` +
      'singleProcess: true if there is only one',
  ]
}

/** Whether the reads of the store and of the view meet what either of them wrote or wrote back. */
function everyoneMeets({ store, reached }: Facts): boolean {
  return readsMeetWrites({ ...reached, r: Math.min(reached.r, store.r) })
}

function sumText({ options, reached: { n, r, w } }: Facts): string {
  const whose = w < options.w ? `, with w = ${w} of the store, which writes too` : ''
  return `r + w = ${r + w} ${r + w > n ? '>' : '<='} n = ${n}${whose}`
}

function notesFor({ options, store, replicas, racy }: Facts): string[] {
  const hosts = replicas.filter(({ guarantees }) => guarantees.sharedBy === 'host')
  const processes = replicas.filter(({ guarantees }) => guarantees.sharedBy === 'process')
  const notes = [
    'Not promised: atomicity over several keys; anything but last write wins between concurrent writers; the outcome of ' +
      'a write that failed (it may still appear).',
    options.lineage === 'checked'
      ? `A write is lost when all the replicas that acknowledged it lose their data before others were given it; then the event data-may-be-lost says so.`
      : "lineage: 'assumed': G1 to G4 take for granted that no replica loses what it acknowledged; one that does is not noticed.",
  ]
  if (hosts.length > 0) {
    notes.push(
      `${namesOf(hosts)}: shared by the processes of one host only. Another host that opens the store with a file of its ` +
        'own does not see what was acknowledged there.',
    )
  }
  if (processes.length > 0) {
    const consequence = options.singleProcess
      ? 'which singleProcess says is the only one'
      : 'so every process has a store of its own'
    notes.push(`${namesOf(processes)}: private to this process, ${consequence}; lost when it ends.`)
  }
  if (racy.length > 0) notes.push(`${namesOf(racy)}: racy, which weakens G1 to G4 as soon as several processes write.`)
  if (options.allowStale)
    notes.push('allowStale: true was said, so weaker quorums than G1 and G2 need are let through.')
  if (options.w < store.w) {
    notes.push(
      `What is written here with w = ${options.w} is not covered by the guarantees of the store, which counts on w = ${store.w}.`,
    )
  }
  return notes
}

function namesOf(replicas: readonly ReplicaFacts[]): string {
  return replicas.map(({ id, guarantees }) => `${id} (${guarantees.backend})`).join(', ')
}

function guaranteesText(entries: readonly Guarantee[], notes: readonly string[]): string {
  const rows = entries.map(
    ({ id, statement, holds, because }) => `${id}  ${holds ? 'yes' : 'NO '}  ${statement}\n         ${because}`,
  )
  return [...rows, '', ...notes.map((note) => `- ${note}`)].join('\n')
}

const units = [
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const

/** In the largest unit that makes it a whole number. */
function spelledMs(ms: number): string {
  const [unit, unitMs] = units.find((each) => ms % each[1] === 0) ?? (['ms', 1] as const)
  return `${grouped(ms / unitMs)} ${unit}`
}

function grouped(value: number): string {
  return value.toLocaleString('en-US')
}
