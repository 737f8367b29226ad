import type { QuorumOptions } from '../../src/config.ts'
import { type OpenStore, openStore } from '../support/open-store.ts'
import { type Fate, type ScriptedCall, ScriptedReplica } from '../support/scripted-replica.ts'
import { namedWriter } from '../support/seeded-random.ts'
import { type SimulatedRuntime, SimulatedTime } from '../support/simulated-time.ts'
import { answersWords, callWords, errorWords, eventWords, isDetail } from './wording.ts'

/** Longer than any deadline or pause of a scenario. */
const longMs = 20_000

/** Where a transcript is played: replicas, the stores over them, time, and a trace of all that happens. */
export class Stage {
  readonly time = new SimulatedTime()
  readonly replicas: ScriptedReplica[] = []
  readonly stores = new Map<string, OpenStore>()
  readonly #runtimes = new Map<string, SimulatedRuntime>()
  #trace: string[] = []
  #tracedAtMs = this.time.nowMs
  #operationsOpen = 0
  #isTracing = true
  /** Whether calls, their failures, and steps on the way are left out of the trace. */
  isTerse = false
  #limits: ScriptedReplica['limits'] = { batchKeysMax: 1_000, callsInFlightMax: 64 }

  /** What happened since the last call. */
  takeTrace(): readonly string[] {
    return this.#trace.splice(0)
  }

  note(line: string): void {
    if (!this.#isTracing) return
    if (this.time.nowMs !== this.#tracedAtMs) this.#trace.push(`@${this.time.nowMs}`)
    this.#tracedAtMs = this.time.nowMs
    this.#trace.push(line)
  }

  openReplicas(count: number, limits: ScriptedReplica['limits']): void {
    this.#limits = limits
    for (const id of 'ABCDE'.slice(0, count)) this.newReplica(id)
  }

  /** One that no store uses yet; or another connection to one that is there. */
  addedReplica(id: string): ScriptedReplica {
    return this.replicas.find((each) => each.id === id)?.connect() ?? this.newReplica(id)
  }

  newReplica(id: string): ScriptedReplica {
    const note = (line: string) => {
      if (!this.isTerse) this.note(line)
    }
    const watcher = {
      called: ({ id }: ScriptedReplica, call: ScriptedCall) => note(`${id} <- ${callWords(call)}`),
      answers: ({ id }: ScriptedReplica, call: ScriptedCall, answers: readonly unknown[]) =>
        note(`${id} -> ${answersWords(call, answers)}`),
    }
    const replica = new ScriptedReplica(id, this.time.timers, { watcher, limits: this.#limits })
    this.replicas.push(replica)
    return replica
  }

  openStore(name: string, skewMs: number, options: QuorumOptions): void {
    const runtime = this.time.runtime({ skewMs, random: namedWriter(name) })
    // Every store but the first has connections of its own.
    const isFirst = this.stores.size === 0
    const replicas = isFirst ? this.replicas : this.replicas.map((replica) => replica.connect())
    const store = openStore(runtime, replicas, options)
    this.#runtimes.set(name, runtime)
    const title = isFirst ? '' : `${name}: `
    store.engine.events.on('event', (event) => {
      if (!this.isTerse || !isDetail(event)) this.note(`* ${title}${eventWords(event)}`)
    })
    this.stores.set(name, store)
  }

  setClock(name: string, skewMs: number): void {
    const runtime = this.#runtimes.get(name)
    if (runtime === undefined) throw new Error(`no store is called ${name}`)
    runtime.skewMs = skewMs
  }

  store(name: string): OpenStore {
    const store = this.stores.get(name)
    if (store === undefined) throw new Error(`no store is called ${name}`)
    return store
  }

  replica(id: string): ScriptedReplica {
    const replica = this.replicas.find((each) => each.id === id)
    if (replica === undefined) throw new Error(`no replica is called ${id}`)
    return replica
  }

  /** Begins an operation in this very turn, and notes how it ends whenever it does. */
  begin(title: string, operation: Promise<string>): void {
    this.#operationsOpen += 1
    operation
      .then(
        (result) => this.note(`${title}: ${result}`),
        (error: unknown) => this.note(`${title}: ${errorWords(error)}`),
      )
      .finally(() => {
        this.#operationsOpen -= 1
      })
  }

  behave(replica: ScriptedReplica, fate: Fate, method: ScriptedCall['method'] | null): void {
    replica.fate = (call) => (method === null || call.method === method ? fate : {})
  }

  /** Lets everything come to its end and closes the stores. What is left then should not be. */
  async finish(): Promise<{ operationsOpen: number; timersPending: number; callsWaiting: number }> {
    this.#isTracing = false
    for (const replica of this.replicas) {
      replica.fate = () => ({})
      replica.release()
    }
    await this.time.advance(longMs)
    const hung = this.replicas.reduce((sum, replica) => sum + replica.callsHung, 0)
    const callsWaiting = this.replicas.reduce((sum, replica) => sum + replica.callsUnderWay, 0) - hung
    const closed = [...this.stores.values()].map(({ engine }) => engine.close())
    await this.time.settle()
    await Promise.all(closed)
    return { operationsOpen: this.#operationsOpen, timersPending: this.time.timersPending, callsWaiting }
  }
}
