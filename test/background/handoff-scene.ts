import { Handoff } from '../../src/background/handoff.ts'
import type { HandoffParts } from '../../src/background/hint-delivery.ts'
import { Hints, type HintsOptions } from '../../src/background/hints.ts'
import type { VersionedRecord } from '../../src/core/record.ts'
import { QuorumError } from '../../src/errors.ts'
import { Events, type QuorumEvent, type QuorumEventOf, type QuorumEventType } from '../../src/events.ts'
import type { Entry } from '../../src/replica.ts'
import { withDeadline } from '../../src/wrap/deadline.ts'
import { type WatchedReplica, withFailureDetector } from '../../src/wrap/detector.ts'
import { VoiceGate } from '../../src/wrap/voice.ts'
import { fates, type ScriptedCall, ScriptedReplica } from '../support/scripted-replica.ts'
import { ScriptedStore } from '../support/scripted-store.ts'
import { SimulatedTime } from '../support/simulated-time.ts'

export const gcGraceMs = 100_000
export const callTimeoutMs = 1_000

export interface HandoffSceneOptions extends HintsOptions, Partial<Pick<HandoffParts, 'keysPerSecond'>> {
  /** Whether the lineage of C has to be asked for after a failure. Default: no. */
  readonly checksLineage?: boolean
}

/** One replica called C that misses things, behind its failure detector, and the others, as one store that reads ask. */
export class HandoffScene {
  readonly time = new SimulatedTime()
  readonly c = new ScriptedReplica('C', this.time.timers)
  readonly events = new Events()
  readonly told: QuorumEvent[] = []
  readonly others = new ScriptedStore()
  /** Keys of every read from the others. */
  readonly reads: (readonly string[])[] = []
  hasQuorum = true
  isMember = true
  lineagesAsked = 0
  readonly hints: Hints
  readonly handoff: Handoff
  readonly #watched: WatchedReplica

  constructor(options: HandoffSceneOptions = {}) {
    const { keysPerSecond = 10_000, checksLineage = false, ...hintsOptions } = options
    const runtime = this.time.runtime()
    this.events.on('event', (event) => this.told.push(event))
    this.hints = new Hints(this.events, hintsOptions)
    const timed = withDeadline(this.c, this.time.timers)
    this.#watched = withFailureDetector(timed, runtime, this.events, checksLineage ? { gate: this.#gate() } : {})
    this.handoff = new Handoff({
      runtime,
      events: this.events,
      hints: this.hints,
      callTimeoutMs,
      keysPerSecond,
      gcGraceMs,
      replica: (id) => (id === 'C' && this.isMember ? this.#watched : undefined),
      readNewest: async (keys) => this.#readNewest(keys),
    })
  }

  get condition(): 'up' | 'down' | 'probing' {
    return this.#watched.condition()
  }

  /** What C was given, batch by batch. */
  get puts(): readonly (readonly Entry[])[] {
    return this.c.calls.flatMap((call) => (call.method === 'putManyIfNewer' ? [call.entries] : []))
  }

  eventsOf<Type extends QuorumEventType>(type: Type): QuorumEventOf<Type>[] {
    return this.told.filter((event): event is QuorumEventOf<Type> => event.type === type)
  }

  /** C refuses everything, and the failure detector has noticed. */
  async takeDown(): Promise<void> {
    this.c.fate = () => fates.refused
    for (let call = 0; call < 3; call += 1) await this.ask()
    this.c.calls.length = 0
  }

  /** C refuses calls of this kind, and answers all others. */
  refuse(method: ScriptedCall['method']): void {
    this.c.fate = (call) => (call.method === method ? fates.refused : {})
  }

  answer(): void {
    this.c.fate = () => ({})
  }

  /** A call of the foreground. */
  async ask(): Promise<void> {
    await this.#watched.getMany([':k'], { timeoutMs: 100 }).catch(() => undefined)
  }

  miss(records: readonly VersionedRecord[]): void {
    for (const record of records) this.others.place(record)
    const keys = records.map(({ key }) => key)
    this.handoff.add('C', keys)
  }

  #gate(): VoiceGate {
    return new VoiceGate('C', async (options) => {
      this.lineagesAsked += 1
      await this.#watched.lineage(options)
    })
  }

  #readNewest(keys: readonly string[]): (VersionedRecord | null)[] {
    this.reads.push(keys)
    if (this.hasQuorum) return keys.map((key) => this.others.peek(key))
    const lost = { operation: 'get', needed: 2, acked: 1, replicas: 3, outcome: 'not-applied' } as const
    throw new QuorumError({ ...lost, keysFailed: keys.length, causes: new Map() })
  }
}
