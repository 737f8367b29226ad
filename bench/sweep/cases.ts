import { type CaseResult, compare, medianSample } from '../compare.ts'
import { Contender } from '../contender.ts'
import { type Sample, spread } from '../load.ts'
import type { Deployment } from './deployment.ts'
import { Foreground } from './foreground.ts'
import { bytesOf, type Figures, type Meter, medianFigures, serverCpuMsOf } from './meter.ts'
import { comparePlainly } from './plain.ts'
import { resultOf, type SweepCaseResult } from './result.ts'

export interface SweepPlan {
  readonly rounds: number
  /** Of one run of a load, in ms. */
  readonly durationMs: number
}

interface Pair {
  readonly sweep: Figures
  readonly plain: Figures
}

const writtenKeys = 10_000
/** Goals are about sweeps that find so many. */
const judgedDiffering = 100
const loggedAtLeast = 0.85

/** Full sweeps with more and more that differs, each beside the plain way to find the same. */
export async function* fullSweeps(
  deployment: Deployment,
  meter: Meter,
  { rounds }: SweepPlan,
): AsyncGenerator<SweepCaseResult> {
  for (const differing of [0, judgedDiffering, 10_000]) {
    const pairs: Pair[] = []
    for (let round = 0; round < rounds; round += 1) pairs.push(await measurePair(deployment, meter, differing))
    yield* fullSweepResults(differing, pairs)
  }
}

/** The plain way only finds what differs, and comes first, so that the sweep finds the same. */
async function measurePair(deployment: Deployment, meter: Meter, differing: number): Promise<Pair> {
  await deployment.makeDiffer(differing)
  const found: number[] = []
  const plain = await meter.measure(async () => found.push(await comparePlainly(deployment.replicas)))
  const sweep = await meter.measure(async () => found.push((await deployment.sweepFully()).differing))
  if (found.some((count) => count < differing)) throw new Error(`${differing} keys differ, and ${found} were found`)
  return { plain, sweep }
}

function fullSweepResults(differing: number, pairs: readonly Pair[]): SweepCaseResult[] {
  const isJudged = differing === judgedDiffering
  const figures = {
    sweep: medianFigures(pairs.map(({ sweep }) => sweep)),
    plain: medianFigures(pairs.map(({ plain }) => plain)),
  }
  const result = (measure: string, atMost: number, figureOf: (pair: Pair) => number, unit = '') =>
    resultOf({
      name: `full sweep, ${differing} keys differ: ${measure}`,
      goal: isJudged && atMost < Infinity ? `at most ${atMost}${unit}` : 'none, reported only',
      atMost: isJudged ? atMost : Infinity,
      values: pairs.map(figureOf),
      figures,
    })
  const ratio = (figureOf: (figures: Figures) => number) => (pair: Pair) => figureOf(pair.sweep) / figureOf(pair.plain)
  return [
    result('bytes', 0.02, ratio(bytesOf), ' of the plain way'),
    result('server CPU', 1, ratio(serverCpuMsOf), ' of the plain way'),
    result('longest Redis command in ms', Infinity, ({ sweep }) => sweep.longestRedisCommandMs),
    result(
      'time',
      Infinity,
      ratio(({ seconds }) => seconds),
    ),
  ]
}

/**
 * How long a command holds Redis up. In the cases above the servers, the store and its callers share the processors, and
 * the longest command is the one from which its processor was taken.
 */
export async function longestCommand(
  deployment: Deployment,
  meter: Meter,
  { rounds }: SweepPlan,
): Promise<SweepCaseResult> {
  const sweeps: Figures[] = []
  const isUndisturbed = await meter.withRedisUndisturbed(async () => {
    for (let round = 0; round < rounds; round += 1) {
      await deployment.makeDiffer(judgedDiffering)
      sweeps.push(await meter.measure(() => deployment.sweepFully()))
    }
  })
  const circumstances = isUndisturbed ? 'nothing else on its processor' : 'processors shared'
  return resultOf({
    name: `full sweep, ${judgedDiffering} keys differ, ${circumstances}: longest Redis command in ms`,
    goal: 'at most 2 ms',
    atMost: 2,
    values: sweeps.map(({ longestRedisCommandMs }) => longestRedisCommandMs),
    figures: { sweep: medianFigures(sweeps) },
  })
}

/** After some writes, next to a full sweep of the same round. */
export async function incrementalSweep(
  deployment: Deployment,
  meter: Meter,
  { rounds }: SweepPlan,
): Promise<SweepCaseResult> {
  const incremental: Figures[] = []
  const full: Figures[] = []
  for (let round = 0; round < rounds; round += 1) {
    full.push(await meter.measure(() => deployment.sweepFully()))
    await deployment.write(writtenKeys)
    incremental.push(await meter.measure(() => deployment.sweepChanges()))
  }
  return resultOf({
    name: `incremental sweep after ${writtenKeys} writes: time`,
    goal: 'at most 0.05 of a full sweep',
    atMost: 0.05,
    values: incremental.map(({ seconds }, round) => seconds / (full[round]?.seconds ?? Number.NaN)),
    figures: { incremental: medianFigures(incremental), full: medianFigures(full) },
  })
}

/** Gets of another process, without and with sweeps at the default pace, one after the other. */
export async function foregroundBeside(
  deployment: Deployment,
  { rounds, durationMs }: SweepPlan,
): Promise<SweepCaseResult> {
  const foreground = new Foreground(deployment)
  await foreground.run(durationMs)
  const samples: { alone: Sample; beside: Sample }[] = []
  for (let round = 0; round < rounds; round += 1) {
    const alone = await foreground.run(durationMs)
    samples.push({ alone, beside: await whileSweeping(deployment, () => foreground.run(durationMs)) })
  }
  foreground.close()
  return resultOf({
    name: 'gets beside a full sweep at the default pace: p99',
    goal: 'at most 1.5 of that without a sweep',
    atMost: 1.5,
    values: samples.map(({ alone, beside }) => beside.p99Microseconds / alone.p99Microseconds),
    figures: {
      alone: medianSample(samples.map(({ alone }) => alone)),
      beside: medianSample(samples.map(({ beside }) => beside)),
    },
  })
}

/** One sweep after the other, with some keys that differ, until the work is done; the last one is given up. */
async function whileSweeping<Answer>(deployment: Deployment, work: () => Promise<Answer>): Promise<Answer> {
  const giveUp = new AbortController()
  const { signal } = giveUp
  await deployment.makeDiffer(100)
  const sweeping = (async () => {
    while (!signal.aborted) await deployment.store.sweep({ signal })
  })().catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
  const answer = await work()
  giveUp.abort()
  await sweeping
  return answer
}

/** What the log of changes, without which no sweep is incremental, costs writes: 3 Redis, with and without it. */
export async function writeOverhead({ rounds: roundsCount, durationMs }: SweepPlan): Promise<SweepCaseResult> {
  const rounds: CaseResult[] = []
  for (let round = 0; round < roundsCount; round += 1) rounds.push(await comparePutsLogged(durationMs))
  const samples = (side: 'subject' | 'baseline') => medianSample(rounds.map((round) => round[side]))
  const throughput = spread(rounds.map(({ ratio }) => ratio.median))
  return {
    name: 'SET 100 B, 3 Redis, concurrency 64, with the log of changes: throughput',
    goal: `at least ${loggedAtLeast} of that without`,
    met: throughput.median >= loggedAtLeast,
    ratio: throughput,
    figures: { logged: samples('subject'), unlogged: samples('baseline') },
  }
}

/** In processes of its own each time: how well one is compiled and collected differs from process to process. */
async function comparePutsLogged(durationMs: number): Promise<CaseResult> {
  const [baseline, subject] = [await Contender.unlogged(), await Contender.quorum()]
  const load = { operation: 'set', valueBytes: 100, concurrency: 64 } as const
  const goals = [{ measure: 'throughput', ratioAtLeast: loggedAtLeast }] as const
  for (const each of [baseline, subject]) await each.run({ ...load, operation: 'fill', durationMs })
  const [result] = await compare({ name: 'SET', subject, baseline, load, goals }, 1, durationMs)
  await Promise.all([baseline.close(), subject.close()])
  if (result === undefined) throw new Error('nothing was compared')
  return result
}
