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

/** Groups of cases, by the name that `--only` takes. */
export const caseGroups: Readonly<Record<string, (plan: BenchPlan) => AsyncGenerator<CaseResult>>> = {
  single: againstOneRedis,
  dead: (plan) => withReplicaDown(plan, 'dead', (contender) => contender.servers[2]?.kill()),
  frozen: (plan) => withReplicaDown(plan, 'frozen', (contender) => contender.servers[2]?.freeze()),
}

/** Servers and processes are started for it and stopped after it. */
async function* againstOneRedis(plan: BenchPlan): AsyncGenerator<CaseResult> {
  const baseline = await Contender.single()
  const subject = await Contender.quorum()
  for (const valueBytes of [100, 10_000]) {
    await fill([baseline, subject], valueBytes, settlingMs)
    for (const comparison of againstSingle(subject, baseline, valueBytes)) {
      yield* await compare(comparison, plan.rounds, comparison.isSustained ? plan.sustainedMs : plan.durationMs)
    }
  }
  await baseline.close()
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

/**
 * Two quorums of the same age, of which one loses a replica, run in turn: a process that has been at it for longer is
 * better compiled, which has nothing to do with the replica.
 */
async function* withReplicaDown(
  plan: BenchPlan,
  how: string,
  breakOne: (contender: Contender) => Promise<void> | void | undefined,
): AsyncGenerator<CaseResult> {
  const baseline = await Contender.quorum()
  const subject = await Contender.quorum(`the same, one replica ${how}`)
  for (const operation of ['fill', 'get', 'set'] as const) {
    const load = { operation, valueBytes: 100, concurrency: 64, durationMs: plan.durationMs }
    for (const contender of [baseline, subject]) await contender.run(load)
  }
  await breakOne(subject)
  for (const operation of ['get', 'set'] as const) {
    const name = `${operation.toUpperCase()} 100 B, one replica ${how}`
    const load = { operation, valueBytes: 100, concurrency: 64 }
    yield* await compare({ name, subject, baseline, load, goals: undisturbed }, plan.rounds, plan.durationMs)
  }
  await baseline.close()
  await subject.close()
}
