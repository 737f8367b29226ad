import { keyvReplica } from '../../adapters/keyv/keyv-replica.ts'
import { Ledger } from '../../src/core/ledger.ts'
import { versionTimeMs } from '../../src/core/version.ts'
import type { SweepReport } from '../../src/events/sweep-report.ts'
import type { QuorumEvent } from '../../src/events.ts'
import type { Entry, Replica } from '../../src/replica.ts'
import type { Random } from '../../src/runtime.ts'
import type { Sample } from '../history/bounded.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { ClientProcess } from './client-process.ts'
import type { ReplicaWatcher } from './connection.ts'
import { Coverage } from './coverage.ts'
import { deadAfterMs } from './late.ts'
import { Link } from './link.ts'
import type { Plan } from './plan.ts'
import { ProcessRuntime } from './process-runtime.ts'
import { Recorder } from './recorder.ts'
import { RemoteReplica } from './remote-replica.ts'
import { RemoteStore } from './remote-store.ts'
import { SimulatedServer } from './simulated-server.ts'
import { Trace } from './trace.ts'
import { startMs, TrueTime } from './true-time.ts'

/** Everything there is in a run: servers, client processes, the links between them, and what is written down of it. */
export class World {
  readonly plan: Plan
  readonly time = new TrueTime()
  readonly coverage = new Coverage()
  readonly recorder: Recorder
  readonly trace: Trace
  /** The replicas of the store, as its operator has them now. */
  servers: readonly SimulatedServer[]
  /** Those that were taken out, and may be put back with what they hold. */
  gone: readonly SimulatedServer[] = []
  /** When they became others; null for never. */
  changedAtMs: number | null = null
  /** Those that run; a killed one is replaced by another, with another name. */
  readonly processes: ClientProcess[] = []
  /** More was lost at once than the store can do without: no promise about what was acknowledged before. */
  hasLostTooMuch = false
  /** From when on there are no faults. */
  healedAtMs = Number.POSITIVE_INFINITY
  readonly samples: Sample[] = []
  readonly #links: Map<string, Link>[] = []
  readonly #versions = new Map<string, string>()
  #processCount = 0
  #serverCount = 0

  constructor(plan: Plan, keepsTrace: boolean) {
    this.plan = plan
    this.recorder = new Recorder(() => this.time.nowMs)
    this.trace = new Trace(keepsTrace, () => this.time.nowMs - startMs)
    const { replicas, processes } = plan.settings
    this.servers = Array.from({ length: replicas }, () => this.newServer())
    for (let index = 0; index < processes; index += 1) this.startProcess(index)
  }

  /** An empty server, of which nobody knows yet. */
  newServer(): SimulatedServer {
    this.#serverCount += 1
    return new SimulatedServer(
      String.fromCharCode(64 + this.#serverCount),
      this.time,
      this.plan.settings.expiryMarginMs,
    )
  }

  /** A new process in this place; the one before it must have been killed. */
  startProcess(place: number): void {
    const { plan } = this
    const { settings } = plan
    this.#processCount += 1
    const name = `c${this.#processCount - 1}`
    const runtime = new ProcessRuntime(this.time, this.#random(0))
    runtime.offsetMs = this.processes[place]?.runtime.offsetMs ?? settings.offsetsMs[place] ?? 0
    this.#links[place] = new Map()
    const client = new ClientProcess({
      name,
      runtime,
      replicas: this.servers.map((server) => this.connect(place, name, runtime, server)),
      options: settings.options,
      recorder: this.recorder,
      count: (what) => this.coverage.add(what),
      // Where clocks differ, versions order writes only as long as nothing is purged.
      versionOf: (value) =>
        settings.skewMaxMs === 0 && !settings.isRacy ? this.#versions.get(`s${value}`) : undefined,
    })
    client.engine.events.on('event', (event) => this.#note(name, event))
    this.processes[place] = client
  }

  /** The connection of the process in this place to a server. */
  connect(place: number, name: string, runtime: ProcessRuntime, server: SimulatedServer): Replica {
    const { linkLeastMs, linkSpreadMs, pageKeysMax, isRacy } = this.plan.settings
    const speed = { leastMs: linkLeastMs, spreadMs: linkSpreadMs }
    const random = this.#random(server.id.charCodeAt(0) - 64)
    const link = new Link(this.time, random, speed, (what) => this.coverage.add(what), isRacy)
    this.#links[place]?.set(server.id, link)
    const parts = { process: name, runtime, server, link, watcher: this.#watcher }
    if (!isRacy) return new RemoteReplica({ ...parts, pageKeysMax })
    return keyvReplica(new RemoteStore({ ...parts, deadAfterMs: deadAfterMs(this.plan.settings) }), {
      id: server.id,
      runtime,
    })
  }

  links(place: number | null, server: string | null): readonly Link[] {
    const chosen = place === null ? this.#links : this.#links.slice(place, place + 1)
    return chosen.flatMap((links) =>
      [...links].flatMap(([id, link]) => (server === null || id === server ? [link] : [])),
    )
  }

  #random(what: number): Random {
    return seededRandom(this.plan.seed * 1_009 + this.#processCount * 31 + what)
  }

  /** What the store has on record about itself, as the newest of all that is held anywhere. */
  ledger(): Ledger {
    const ledger = new Ledger()
    const keys = Ledger.keysFor(this.servers.map(({ id }) => id))
    for (const { disk } of this.servers) ledger.observe(keys.map((key) => disk.peek(key)))
    return ledger
  }

  readonly #watcher: ReplicaWatcher = {
    applied: (process, replica, call, detail) => {
      this.trace.add(`${replica} carries out ${call} for ${process}: ${detail}`)
    },
    failed: (process, replica, call, why) => {
      this.trace.add(`${replica} fails ${call} for ${process}: ${why}`)
      this.coverage.add(`call failed: ${why}`)
    },
    put: ({ record }: Entry) => {
      if (record.kind !== 'value') return
      const known = this.#versions.get(record.payload)
      if (known === undefined || known < record.version) this.#versions.set(record.payload, record.version)
    },
  }

  #note(process: string, event: QuorumEvent | undefined): void {
    if (event === undefined) return
    this.coverage.add(`event ${event.type}`)
    if (event.type === 'sweep-ended' && !event.report.isPreview) this.#noteSweep(event.report)
    if (event.type === 'data-may-be-lost') this.hasLostTooMuch = true
    this.trace.add(`${process} tells ${textOf(event)}`)
  }

  #noteSweep({ replicas }: SweepReport): void {
    for (const what of ['pulled', 'zombies', 'purged'] as const) {
      if (replicas.some((replica) => replica[what] > 0)) this.coverage.add(`sweep with ${what}`)
    }
  }
}

function textOf(event: QuorumEvent): string {
  switch (event.type) {
    case 'repair':
      return `repair of ${event.key} at ${event.replica}, ${event.held}`
    case 'superseded':
      return `superseded ${event.key} by ${event.by}, again with ${event.retriedWith}`
    case 'quorum-lost':
      return `quorum-lost: ${event.operation}, ${event.acked} of ${event.needed}`
    case 'replica-failure':
      return `replica-failure: ${event.call} at ${event.replica}, ${event.error.message}`
    case 'replica-joining':
      return `replica-joining: ${event.replica}, ${event.reason}`
    case 'clock-skew':
      return `clock-skew of ${event.key}: ${event.aheadMs} at ${versionTimeMs(event.version)}`
    case 'sweep-progress':
      return event.type
    case 'sweep-ended':
      return `sweep-ended: ${JSON.stringify(event.report)}`
    default:
      return 'replica' in event ? `${event.type}: ${event.replica}` : event.type
  }
}
