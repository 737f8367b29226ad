import type { QuorumOptions } from '../../src/config.ts'
import type { Engine } from '../../src/engine.ts'
import type { QuorumView } from '../../src/quorum-view.ts'
import type { Replica } from '../../src/replica.ts'
import { someValue } from '../history/history.ts'
import { type OpenStore, openStore } from '../support/open-store.ts'
import { keyName, type OperationStep, type SweepStep } from './plan.ts'
import type { ProcessRuntime } from './process-runtime.ts'
import type { Recorder } from './recorder.ts'

export interface ClientParts {
  readonly name: string
  readonly runtime: ProcessRuntime
  readonly replicas: readonly Replica[]
  readonly options: QuorumOptions
  readonly recorder: Recorder
  readonly count: (what: string) => void
  /** The version under which a value was put last. */
  readonly versionOf: (value: string) => string | undefined
}

/** One client process: the production store over its own connections, and callers that each do one thing at a time. */
export class ClientProcess {
  readonly name: string
  readonly runtime: ProcessRuntime
  readonly store: OpenStore
  readonly #parts: ClientParts
  readonly #busy = new Set<number>()
  #sweeps = 0

  constructor(parts: ClientParts) {
    this.#parts = parts
    this.name = parts.name
    this.runtime = parts.runtime
    this.store = openStore(parts.runtime, parts.replicas, parts.options)
  }

  get engine(): Engine {
    return this.store.engine
  }

  get #view(): QuorumView {
    return this.store.view
  }

  get isIdle(): boolean {
    return this.#busy.size === 0 && this.#sweeps === 0
  }

  /** Begins an operation, unless its caller still waits for another, or the process stands still. */
  begin(step: OperationStep): void {
    if (!this.runtime.isRunning || this.#busy.has(step.lane)) {
      this.#parts.count('operation left out')
      return
    }
    this.#busy.add(step.lane)
    void this.#carryOut(step).finally(() => this.#busy.delete(step.lane))
  }

  sweep(step: SweepStep): void {
    if (!this.runtime.isRunning) return
    const abort = new AbortController()
    const { signal } = abort
    if (step.abortAfterMs !== null) this.runtime.timers.after(step.abortAfterMs, () => abort.abort(new Error('enough')))
    const partition = step.kind === 'part' ? { partition: step.partition, of: 2 } : { partition: 0, of: 1 }
    const kind = step.kind === 'incremental' ? 'incremental' : 'full'
    this.#sweeps += 1
    this.engine
      .sweep({ kind, partition, signal, preview: step.kind === 'preview' })
      .then(
        ({ isComplete }) => this.#parts.count(`sweep ${step.kind} ${isComplete ? 'complete' : 'incomplete'}`),
        () => this.#parts.count(`sweep ${step.kind} ${signal.aborted ? 'aborted' : 'failed'}`),
      )
      .finally(() => {
        this.#sweeps -= 1
      })
  }

  #carryOut(step: OperationStep): Promise<unknown> {
    const client = `${this.name}.${step.lane}`
    if (step.do === 'clear') return this.#clear(client)
    if (step.do === 'iterate') return this.#iterate(client, step)
    if (step.do === 'get' || step.do === 'has') return this.#readMany(client, step)
    if (step.do === 'delete') return Promise.all(step.keys.map((key) => this.#delete(client, keyName(key))))
    return Promise.all(
      step.keys.map((key, place) => this.#set(client, keyName(key), `s${step.id}.${place}`, step.ttlMs)),
    )
  }

  async #set(client: string, key: string, value: string, ttlMs: number | null): Promise<void> {
    const { recorder, versionOf } = this.#parts
    const expiresAtMs = ttlMs === null ? null : this.runtime.clock.nowMs() + ttlMs
    const index = recorder.begin({ client, kind: 'set', key, value, expiresAtMs })
    await this.#end(index, async () => {
      await this.#view.set(key, value, expiresAtMs ?? undefined)
      recorder.succeed(index, null, versionOf(value))
    })
  }

  async #delete(client: string, key: string): Promise<void> {
    const { recorder } = this.#parts
    const index = recorder.begin({ client, kind: 'delete', key, value: null, expiresAtMs: null })
    await this.#end(index, async () => {
      await this.#view.delete(key)
      recorder.succeed(index)
    })
  }

  async #clear(client: string): Promise<void> {
    const { recorder } = this.#parts
    const index = recorder.begin({ client, kind: 'clear', key: '', value: null, expiresAtMs: null })
    await this.#end(index, async () => {
      await this.#view.clear()
      recorder.succeed(index)
    })
  }

  async #readMany(client: string, step: OperationStep): Promise<void> {
    const { recorder } = this.#parts
    const read = async (key: string) => {
      if (step.do === 'has') return (await this.#view.has(key)) ? someValue : null
      return (await this.#view.get<string>(key)) ?? null
    }
    await Promise.all(
      step.keys.map(keyName).map(async (key) => {
        const index = recorder.begin({ client, kind: 'get', key, value: null, expiresAtMs: null })
        await this.#end(index, async () => recorder.succeed(index, await read(key)))
      }),
    )
  }

  /** What it yields was read at some moment of the whole walk; what it leaves out says that it was absent at one. */
  async #iterate(client: string, { keys }: OperationStep): Promise<void> {
    const { recorder } = this.#parts
    const begun = new Map(
      keys.map((key) => [
        keyName(key),
        recorder.begin({ client, kind: 'get', key: keyName(key), value: null, expiresAtMs: null }),
      ]),
    )
    try {
      const found = new Map<string, string>()
      for await (const [key, value] of this.#view.iterator<string>()) if (value !== undefined) found.set(key, value)
      for (const [key, index] of begun) recorder.succeed(index, found.get(key) ?? null)
      this.#parts.count('iterate ok')
    } catch (error) {
      for (const index of begun.values()) recorder.fail(index, error)
      this.#parts.count('iterate failed')
    }
  }

  async #end(index: number, run: () => Promise<void>): Promise<void> {
    const { recorder, count } = this.#parts
    try {
      await run()
    } catch (error) {
      recorder.fail(index, error)
    }
    const operation = recorder.operations[index]
    if (operation !== undefined) count(`${operation.kind} ${operation.outcome}`)
  }
}
