import { setTimeout as sleep } from 'node:timers/promises'
import { QuorumError } from '../../../src/errors.ts'
import type { QuorumView } from '../../../src/quorum-view.ts'
import type { Random } from '../../../src/runtime.ts'
import { hostMs, type Invocation, type OperationLog } from './operation-log.ts'

export interface LaneParts {
  /** Unique within the run. */
  readonly name: string
  readonly views: readonly QuorumView[]
  readonly log: OperationLog
  readonly random: Random
  /** When the run began, by `hostMs`: keys from then on have been in use. */
  readonly beganAtMs: number
  /** The clock of the process. */
  nowMs(): number
}

/** Nobody clears the first one. */
export const namespaces = ['kept', 'cleared'] as const

/** So many keys are in use at a time, for so long; then come others, so that each has a history of bearable length. */
const keysAtOnce = 12
const keysUsedForMs = 30_000
const pauseMaxMs = 80
/** More than twice what any clock is wrong by, so that a value is there for a while whoever looks. */
const ttlMinMs = 600_000
const ttlMaxMs = 1_200_000

/** One sequential client: does one thing after the other, at random, and puts it on record. */
export class ClientLane {
  readonly #parts: LaneParts
  #written = 0
  #open = 0

  constructor(parts: LaneParts) {
    this.#parts = parts
  }

  /** @param isOver asked before every operation */
  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await this.#step(this.#parts.random.fraction())
      await sleep(pauseMaxMs * this.#parts.random.fraction())
    }
  }

  get(view: QuorumView, key: string): Promise<void> {
    return this.#attempt(view, { kind: 'get', key }, () => view.get(key))
  }

  #step(chance: number): Promise<unknown> {
    const [kept, cleared] = this.#parts.views
    const view = this.#parts.random.fraction() < 0.75 ? kept : cleared
    if (view === undefined || cleared === undefined) throw new Error('there are two namespaces')
    if (chance < 0.002) return this.#attempt(cleared, { kind: 'clear', key: '' }, () => cleared.clear())
    if (chance < 0.08) return this.#delete(view)
    if (chance < 0.16) return this.#set(view, this.#expiry())
    if (chance < 0.42) return this.#set(view, null)
    if (chance < 0.47) return this.#severalOf(() => this.#set(view, null))
    if (chance < 0.54) return this.#severalOf(() => this.get(view, this.#key()))
    if (chance < 0.62) return this.get(view, this.#oldKey())
    return this.get(view, this.#key())
  }

  #set(view: QuorumView, expiresAtMs: number | null): Promise<void> {
    const value = `${this.#parts.name} ${this.#written}`
    this.#written += 1
    const key = this.#key()
    return this.#attempt(view, { kind: 'set', key, value, expiresAtMs }, () =>
      view.set(key, value, expiresAtMs ?? undefined),
    )
  }

  #delete(view: QuorumView): Promise<void> {
    const key = this.#key()
    return this.#attempt(view, { kind: 'delete', key }, () => view.delete(key))
  }

  /** In one turn, so that the store makes one batch of them. */
  #severalOf(operation: () => Promise<void>): Promise<unknown> {
    return Promise.all([operation(), operation(), operation()])
  }

  /** What fails is on record as such; what is no failure of a quorum is an error of the store, and ends the run. */
  async #attempt(
    view: QuorumView,
    what: Pick<Invocation, 'kind' | 'key'> & Partial<Invocation>,
    perform: () => Promise<unknown>,
  ): Promise<void> {
    const { log, name } = this.#parts
    const { namespace = '' } = view
    // What is done at the same time counts as done by several.
    const client = this.#open === 0 ? name : `${name}+${this.#open}`
    const begun = log.begin({ client, namespace, value: null, expiresAtMs: null, ...what })
    this.#open += 1
    try {
      const value = await perform()
      log.end(begun, 'ok', { value: typeof value === 'string' ? value : null })
    } catch (error) {
      if (!(error instanceof QuorumError)) throw error
      log.end(begun, error.outcome === 'not-applied' ? 'failed' : 'unknown', { why: error.message })
    } finally {
      this.#open -= 1
    }
  }

  #expiry(): number {
    return Math.round(this.#parts.nowMs() + ttlMinMs + (ttlMaxMs - ttlMinMs) * this.#parts.random.fraction())
  }

  /** One of those that all clients use now. */
  #key(): string {
    return this.#keyOf(Math.floor(hostMs() / keysUsedForMs))
  }

  /** One that was in use at some time since the run began. */
  #oldKey(): string {
    const { beganAtMs, random } = this.#parts
    return this.#keyOf(Math.floor((beganAtMs + (hostMs() - beganAtMs) * random.fraction()) / keysUsedForMs))
  }

  #keyOf(period: number): string {
    return `${period}/${Math.floor(keysAtOnce * this.#parts.random.fraction())}`
  }
}
