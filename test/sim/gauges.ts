import type { Sample } from '../history/bounded.ts'
import type { ClientProcess } from './client-process.ts'
import type { Settings } from './plan.ts'
import type { TrueTime } from './true-time.ts'

/** Messages on their way and timers of everything there is, in a run of at most a few dozen operations at once. */
const timersMax = 5_000

/** What may not grow without a bound, as it is now. */
export function sampleOf(time: TrueTime, processes: readonly ClientProcess[]): Sample {
  const hints = processes.flatMap(({ engine }) => engine.replicas.map((replica) => replica.hints))
  return { atMs: time.nowMs, gauges: { hints: Math.max(0, ...hints), timers: time.pending } }
}

export function limitsOf({ options, keys }: Settings): Readonly<Record<string, number>> {
  return { hints: Math.min(options.hintsMax ?? keys, keys), timers: timersMax }
}
