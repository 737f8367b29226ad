import { type CaseResult, type Comparison, compare, type Goal } from './compare.ts'
import { fill, gets, quorumOfRedis, type Store, sets, singleRedis } from './stores.ts'

export interface BenchPlan {
  readonly rounds: number
  readonly durationMs: number
}

const addedLatency: Goal = { measure: 'p50', addedMicrosecondsAtMost: 100 }
const undisturbed: readonly Goal[] = [
  { measure: 'throughput', ratioAtLeast: 0.9 },
  { measure: 'p99', ratioAtMost: 2 },
]
const reported: readonly Goal[] = [{ measure: 'throughput', ratioAtLeast: null }]
const throughput = (ratioAtLeast: number): readonly Goal[] => [{ measure: 'throughput', ratioAtLeast }]

/** Every case, in turn; servers are started for it and stopped after it. */
export async function* runCases(plan: BenchPlan): AsyncGenerator<CaseResult> {
  const single = await singleRedis()
  const quorum = await quorumOfRedis('Keyv + keyv-quorum, 3 Redis')
  for (const bytes of [100, 10_000]) {
    await Promise.all([fill(single.keyv, bytes), fill(quorum.keyv, bytes)])
    for (const comparison of againstSingle(quorum, single, bytes))
      yield* await compare(comparison, plan.rounds, plan.durationMs)
  }
  await single.close()
  yield* withReplicaDown(plan, quorum, 'dead', (store) => store.servers[2]?.kill())
  yield* withReplicaDown(plan, quorum, 'frozen', (store) => store.servers[2]?.freeze())
  await quorum.close()
}

function againstSingle(subject: Store, baseline: Store, bytes: number): Comparison[] {
  const size = bytes === 100 ? '100 B' : '10 KB'
  const isSmall = bytes === 100
  const get = { subject: gets(subject), baseline: gets(baseline) }
  const set = { subject: sets(subject, bytes), baseline: sets(baseline, bytes) }
  return [
    { name: `GET ${size}, concurrency 64`, ...get, concurrency: 64, goals: isSmall ? throughput(1.2) : reported },
    { name: `SET ${size}, concurrency 64`, ...set, concurrency: 64, goals: isSmall ? throughput(0.9) : reported },
    { name: `GET ${size}, concurrency 512`, ...get, concurrency: 512, goals: reported },
    { name: `SET ${size}, concurrency 512`, ...set, concurrency: 512, goals: reported },
    { name: `GET ${size}, concurrency 1`, ...get, concurrency: 1, goals: isSmall ? [addedLatency] : reported },
    { name: `SET ${size}, concurrency 1`, ...set, concurrency: 1, goals: isSmall ? [addedLatency] : reported },
  ]
}

/** A second, whole quorum beside the first loses one replica; both run in turn. */
async function* withReplicaDown(
  plan: BenchPlan,
  healthy: Store,
  how: string,
  breakOne: (store: Store) => Promise<void> | void | undefined,
): AsyncGenerator<CaseResult> {
  const hurt = await quorumOfRedis(`the same, one replica ${how}`)
  await Promise.all([fill(healthy.keyv, 100), fill(hurt.keyv, 100)])
  await breakOne(hurt)
  const shared = { concurrency: 64, goals: undisturbed }
  const get = { name: `GET 100 B, one replica ${how}`, subject: gets(hurt), baseline: gets(healthy), ...shared }
  const set = {
    name: `SET 100 B, one replica ${how}`,
    subject: sets(hurt, 100),
    baseline: sets(healthy, 100),
    ...shared,
  }
  yield* await compare(get, plan.rounds, plan.durationMs)
  yield* await compare(set, plan.rounds, plan.durationMs)
  await hurt.close()
}
