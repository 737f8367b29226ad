import { type CaseResult, type Comparison, compare, type Goal } from './compare.ts'
import { Contender } from './contender.ts'

export interface BenchPlan {
  readonly rounds: number
  readonly durationMs: number
  /** Of a run at the steady pace, which is what throughput goals are about. */
  readonly sustainedMs: number
}

const addedLatency: readonly Goal[] = [{ measure: 'p50', addedMicrosecondsAtMost: 100 }]
const undisturbed: readonly Goal[] = [
  { measure: 'throughput', ratioAtLeast: 0.9 },
  { measure: 'p99', ratioAtMost: 2 },
]
const reported: readonly Goal[] = [{ measure: 'throughput', ratioAtLeast: null }]
const throughput = (ratioAtLeast: number): readonly Goal[] => [{ measure: 'throughput', ratioAtLeast }]

/** The official client gives every command a time limit of 5 s: only after that does it run at its steady pace. */
const settlingMs = 6_000
/** Shorter than that: what is left behind for later does not count. */
const burst = ', in bursts'

/** Every case, in turn; servers and processes are started for it and stopped after it. */
export async function* runCases(plan: BenchPlan): AsyncGenerator<CaseResult> {
  const baseline = await Contender.single()
  const subject = await Contender.quorum()
  for (const valueBytes of [100, 10_000]) {
    await fill([baseline, subject], valueBytes, settlingMs)
    for (const comparison of againstSingle(subject, baseline, valueBytes)) {
      yield* await compare(comparison, plan.rounds, comparison.isSustained ? plan.sustainedMs : plan.durationMs)
    }
  }
  await baseline.close()
  yield* withReplicaDown(plan, subject, 'dead', (contender) => contender.servers[2]?.kill())
  yield* withReplicaDown(plan, subject, 'frozen', (contender) => contender.servers[2]?.freeze())
  await subject.close()
}

async function fill(contenders: readonly Contender[], valueBytes: number, durationMs: number): Promise<void> {
  for (const contender of contenders)
    await contender.run({ operation: 'fill', valueBytes, concurrency: 64, durationMs })
}

interface TimedComparison extends Comparison {
  readonly isSustained: boolean
}

function againstSingle(subject: Contender, baseline: Contender, valueBytes: number): TimedComparison[] {
  const isSmall = valueBytes === 100
  const size = isSmall ? '100 B' : '10 KB'
  const comparison = (operation: 'get' | 'set', concurrency: number, goals: readonly Goal[], isSustained = false) => ({
    name: `${operation.toUpperCase()} ${size}, concurrency ${concurrency}${concurrency > 1 && !isSustained ? burst : ''}`,
    subject,
    baseline,
    load: { operation, valueBytes, concurrency },
    goals: isSmall ? goals : reported,
    isSustained,
  })
  return [
    comparison('get', 64, throughput(1.2), isSmall),
    comparison('set', 64, throughput(0.9), isSmall),
    ...(isSmall ? [comparison('get', 64, reported), comparison('set', 64, reported)] : []),
    comparison('get', 512, reported),
    comparison('set', 512, reported),
    comparison('get', 1, addedLatency),
    comparison('set', 1, addedLatency),
  ]
}

/** A second, whole quorum beside the first loses one replica; both run in turn. */
async function* withReplicaDown(
  plan: BenchPlan,
  baseline: Contender,
  how: string,
  breakOne: (contender: Contender) => Promise<void> | void | undefined,
): AsyncGenerator<CaseResult> {
  const subject = await Contender.quorum(`the same, one replica ${how}`)
  await fill([baseline, subject], 100, plan.durationMs)
  await breakOne(subject)
  for (const operation of ['get', 'set'] as const) {
    const name = `${operation.toUpperCase()} 100 B, one replica ${how}`
    const load = { operation, valueBytes: 100, concurrency: 64 }
    yield* await compare({ name, subject, baseline, load, goals: undisturbed }, plan.rounds, plan.durationMs)
  }
  await subject.close()
}
