/** One writer of a race, in a process of its own; started by `race-cases.ts`. */
import { patient } from './conformance-case.ts'
import { type RacePlan, raceKeys, runWriter } from './race-plan.ts'
import type { ReplicaModule } from './subject.ts'
import { untilSucceeds } from './waiting.ts'

export interface RaceTask {
  readonly module: string
  readonly argument: string
  readonly plan: RacePlan
  readonly writer: number
}

// The harness holds the other end: when it is gone, so is this process.
process.once('disconnect', () => process.exit(1))

const task = JSON.parse(process.argv[2] ?? '') as RaceTask
const { openReplica } = (await import(task.module)) as ReplicaModule
const replica = await openReplica(task.argument)
// Eight processes that start at once may be slow to connect; the race is about puts.
await untilSucceeds(() => replica.getVersions(raceKeys(task.plan), patient))
await new Promise<void>((resolve) => {
  process.once('message', () => resolve())
  process.send?.('ready')
})
const puts = await runWriter(replica, task.plan, task.writer)
await replica.close()
process.send?.(puts, undefined, undefined, () => process.exit(0))
