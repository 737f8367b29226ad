import type { ResolvedOptions } from './config.ts'
import type { Events } from './events.ts'
import type { Replica } from './replica.ts'
import type { Runtime } from './runtime.ts'
import { withChecks } from './wrap/checked.ts'
import { withDeadline } from './wrap/deadline.ts'
import { type WatchedReplica, withFailureDetector } from './wrap/detector.ts'
import { withLanes } from './wrap/lanes.ts'
import type { VoiceGate } from './wrap/voice.ts'

/**
 * From the outside in: lanes keep calls few and large, the detector spares a dead replica, the deadline ends a hung call,
 * the checks turn a senseless answer into a failure.
 */
export function watchedReplica(
  replica: Replica,
  runtime: Runtime,
  events: Events,
  options: ResolvedOptions,
  gate: VoiceGate,
): WatchedReplica {
  const watched = withFailureDetector(withDeadline(withChecks(replica), runtime.timers), runtime, events, { gate })
  const { refusal, isWorthAsking, condition } = watched
  const inLanes = withLanes(watched, runtime.clock, events, { queuedKeysMax: options.queuedKeysMax })
  return { ...inLanes, refusal, isWorthAsking, condition, gate }
}
