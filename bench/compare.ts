import { runLoad, type Sample, type Subject, spread } from './load.ts'

/** What has to be true of a comparison. */
export type Goal =
  | { readonly measure: 'throughput'; readonly ratioAtLeast: number }
  | { readonly measure: 'added p50'; readonly microsecondsAtMost: number }

export interface Comparison {
  readonly name: string
  readonly subject: Subject
  readonly baseline: Subject
  readonly concurrency: number
  /** Null for a figure that is only reported. */
  readonly goal: Goal | null
}

export interface CaseResult {
  readonly name: string
  readonly goal: string
  readonly met: boolean
  /** Subject over baseline, of throughput, round by round. */
  readonly ratio: { readonly median: number; readonly min: number; readonly max: number }
  readonly addedP50Microseconds: number
  readonly subject: Sample
  readonly baseline: Sample
}

/** Runs both sides in turn, round by round, so that what the machine does meanwhile hits both. */
export async function compare(comparison: Comparison, rounds: number, durationMs: number): Promise<CaseResult> {
  const { subject, baseline, concurrency } = comparison
  const ratios: number[] = []
  const added: number[] = []
  const subjectSamples: Sample[] = []
  const baselineSamples: Sample[] = []
  await runLoad(baseline, concurrency, durationMs)
  await runLoad(subject, concurrency, durationMs)
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? [baseline, subject] : [subject, baseline]
    for (const side of order) {
      const sample = await runLoad(side, concurrency, durationMs)
      ;(side === subject ? subjectSamples : baselineSamples).push(sample)
    }
    const ours = subjectSamples.at(-1) as Sample
    const theirs = baselineSamples.at(-1) as Sample
    ratios.push(ours.operationsPerSecond / theirs.operationsPerSecond)
    added.push(ours.p50Microseconds - theirs.p50Microseconds)
  }
  const ratio = spread(ratios)
  const addedP50Microseconds = spread(added).median
  return {
    name: comparison.name,
    goal: goalText(comparison.goal),
    met: isMet(comparison.goal, ratio.median, addedP50Microseconds),
    ratio: rounded(ratio),
    addedP50Microseconds: Math.round(addedP50Microseconds),
    subject: medianSample(subjectSamples),
    baseline: medianSample(baselineSamples),
  }
}

function isMet(goal: Goal | null, ratio: number, addedMicroseconds: number): boolean {
  if (goal === null) return true
  return goal.measure === 'throughput' ? ratio >= goal.ratioAtLeast : addedMicroseconds <= goal.microsecondsAtMost
}

function goalText(goal: Goal | null): string {
  if (goal === null) return 'none, reported only'
  if (goal.measure === 'throughput') return `throughput ratio >= ${goal.ratioAtLeast}`
  return `added p50 <= ${goal.microsecondsAtMost} µs`
}

function medianSample(samples: readonly Sample[]): Sample {
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
