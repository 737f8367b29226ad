import { type QuorumOptions, resolveOptions } from '../../src/config.ts'
import type { Operations } from '../../src/coordinator/operations.ts'
import { Engine } from '../../src/engine.ts'
import type { QuorumEvent } from '../../src/events.ts'
import { QuorumView } from '../../src/quorum-view.ts'
import type { Replica } from '../../src/replica.ts'
import type { Runtime } from '../../src/runtime.ts'
import { ScriptedReplica, type ScriptedReplicaOptions } from './scripted-replica.ts'
import { seededRandom } from './seeded-random.ts'
import { SimulatedTime } from './simulated-time.ts'

/** One store over replicas, with everything around it that a test wants to look at. */
export interface OpenStore {
  readonly engine: Engine
  readonly operations: Operations
  readonly view: QuorumView
  /** Every event so far. */
  readonly events: readonly QuorumEvent[]
}

/** The real store, all its wraps included, over given replicas and under simulated time. */
export function openStore(runtime: Runtime, replicas: readonly Replica[], options: QuorumOptions = {}): OpenStore {
  const resolved = resolveOptions({ keyv: 6, lineage: 'assumed', hintsMax: 0, ...options }, replicas)
  const engine = new Engine(replicas, resolved, runtime, { lineage: 'assumed', hintsMax: 0, ...options })
  const events: QuorumEvent[] = []
  engine.events.on('event', (event) => events.push(event))
  const quorum = () => engine.options
  return { engine, operations: engine.operations(quorum), view: new QuorumView(engine, quorum), events }
}

export interface Scene extends OpenStore {
  readonly time: SimulatedTime
  readonly replicas: readonly ScriptedReplica[]
  /** The replica with this index; throws where there is none. */
  replica(index: number): ScriptedReplica
}

/** A store over n scripted replicas called A, B, C, …, from 1,000 ms on. */
export function openScene(n: number, options: QuorumOptions = {}, scripted: ScriptedReplicaOptions = {}): Scene {
  const time = new SimulatedTime()
  const replicas = scriptedReplicas(time, n, scripted)
  const replica = (index: number) => {
    const found = replicas[index]
    if (found === undefined) throw new RangeError(`there is no replica ${index}`)
    return found
  }
  return { ...openStore(time.runtime({ random: seededRandom(7) }), replicas, options), time, replicas, replica }
}

export function scriptedReplicas(
  time: SimulatedTime,
  n: number,
  options: ScriptedReplicaOptions = {},
): readonly ScriptedReplica[] {
  return Array.from(
    { length: n },
    (_, index) => new ScriptedReplica(String.fromCharCode(65 + index), time.timers, options),
  )
}
