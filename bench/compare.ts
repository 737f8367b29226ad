import type { Contender } from './contender.ts'
import { type Sample, spread } from './load.ts'
import type { RunRequest } from './side.ts'

/** What has to be true of a comparison, as a ratio of subject to baseline or as a difference. */
export type Goal =
  | { readonly measure: 'throughput'; readonly ratioAtLeast: number }
  | { readonly measure: 'p99'; readonly ratioAtMost: number }
  | { readonly measure: 'p50'; readonly addedMicrosecondsAtMost: number }
  /** For a figure that is only reported. */
  | { readonly measure: 'throughput'; readonly ratioAtLeast: null }

export interface Comparison {
  readonly name: string
  readonly subject: Contender
  readonly baseline: Contender
  readonly load: Omit<RunRequest, 'durationMs'>
  /** One case is reported for each goal, all from the same runs. */
  readonly goals: readonly Goal[]
}

export interface CaseResult {
  readonly name: string
  readonly goal: string
  readonly met: boolean
  /** Subject over baseline, of what the goal measures, round by round. */
  readonly ratio: { readonly median: number; readonly min: number; readonly max: number }
  readonly addedP50Microseconds: number
  readonly subject: Sample
  readonly baseline: Sample
}

interface Round {
  readonly subject: Sample
  readonly baseline: Sample
}

/** Runs both sides in turn, round by round, so that what the machine does meanwhile hits both. */
export async function compare(comparison: Comparison, rounds: number, durationMs: number): Promise<CaseResult[]> {
  const { subject, baseline, load } = comparison
  const run = (side: Contender) => side.run({ ...load, durationMs })
  await run(baseline)
  await run(subject)
  const measured: Round[] = []
  for (let round = 0; round < rounds; round += 1) {
    if (round % 2 === 0) measured.push({ baseline: await run(baseline), subject: await run(subject) })
    else measured.push({ subject: await run(subject), baseline: await run(baseline) })
  }
  return comparison.goals.map((goal) => resultFor(comparison.name, goal, measured))
}

function resultFor(name: string, goal: Goal, measured: readonly Round[]): CaseResult {
  const ratio = spread(measured.map(({ subject, baseline }) => pick(goal, subject) / pick(goal, baseline)))
  const addedP50Microseconds = spread(
    measured.map((round) => round.subject.p50Microseconds - round.baseline.p50Microseconds),
  ).median
  return {
    name: `${name}: ${goal.measure}`,
    goal: goalText(goal),
    met: isMet(goal, ratio.median, addedP50Microseconds),
    ratio: rounded(ratio),
    addedP50Microseconds: Math.round(addedP50Microseconds),
    subject: medianSample(measured.map((round) => round.subject)),
    baseline: medianSample(measured.map((round) => round.baseline)),
  }
}

function pick(goal: Goal, sample: Sample): number {
  if (goal.measure === 'throughput') return sample.operationsPerSecond
  return goal.measure === 'p99' ? sample.p99Microseconds : sample.p50Microseconds
}

function isMet(goal: Goal, ratio: number, addedMicroseconds: number): boolean {
  if (goal.measure === 'throughput') return goal.ratioAtLeast === null || ratio >= goal.ratioAtLeast
  return goal.measure === 'p99' ? ratio <= goal.ratioAtMost : addedMicroseconds <= goal.addedMicrosecondsAtMost
}

function goalText(goal: Goal): string {
  if (goal.measure === 'p99') return `p99 ratio <= ${goal.ratioAtMost}`
  if (goal.measure === 'p50') return `added p50 <= ${goal.addedMicrosecondsAtMost} µs`
  return goal.ratioAtLeast === null ? 'none, reported only' : `throughput ratio >= ${goal.ratioAtLeast}`
}

export function medianSample(samples: readonly Sample[]): Sample {
  const median = (pick: (sample: Sample) => number) => Math.round(spread(samples.map(pick)).median)
  return {
    operationsPerSecond: median((sample) => sample.operationsPerSecond),
    p50Microseconds: median((sample) => sample.p50Microseconds),
    p99Microseconds: median((sample) => sample.p99Microseconds),
    cpuMicrosecondsPerOperation: median((sample) => sample.cpuMicrosecondsPerOperation),
  }
}

function rounded<Values extends Record<string, number>>(values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, Math.round(value * 100) / 100]),
  ) as Values
}
