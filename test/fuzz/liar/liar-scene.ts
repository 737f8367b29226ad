import type { QuorumOptions } from '../../../src/config.ts'
import { decodeRecord, encodeRecord, isCorrupt, isDead } from '../../../src/core/record.ts'
import { versionTimeMs } from '../../../src/core/version.ts'
import type { QuorumView } from '../../../src/quorum-view.ts'
import { type End, endOf } from '../../support/end-of.ts'
import { type OpenStore, openStore, scriptedReplicas } from '../../support/open-store.ts'
import type { ScriptedReplica } from '../../support/scripted-replica.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { SimulatedTime } from '../../support/simulated-time.ts'
import type { Lie } from './lies.ts'
import { lyingReplica } from './lying-replica.ts'

const startMs = Date.UTC(2026, 0)
const stepMs = 500
const stepsMax = 400
const skewMs = 60_000

/** A store over two honest replicas and one that lies, with neighbours in another namespace, under simulated time. */
export class LiarScene {
  readonly time: SimulatedTime = new SimulatedTime(startMs)
  readonly store: OpenStore
  readonly view: QuorumView
  readonly honest: readonly ScriptedReplica[]
  readonly #neighbours: QuorumView
  #isLying = false

  /** @param isHasty whether lies come before the truth, which takes a while then */
  constructor(lies: readonly Lie[], options: QuorumOptions, isHasty: boolean) {
    const [liar, ...honest] = scriptedReplicas(this.time, 3)
    if (liar === undefined) throw new Error('there is no replica to lie')
    this.honest = honest
    if (isHasty) for (const replica of honest) replica.fate = () => ({ back: 1 })
    const replicas = [lyingReplica(liar, lies, () => this.#isLying), ...honest]
    this.store = openStore(this.time.runtime({ random: seededRandom(5) }), replicas, options)
    this.view = this.store.view.withNamespace('mine')
    this.#neighbours = this.store.view.withNamespace('other')
  }

  /** Everything is true until the neighbours are there. */
  async begin(): Promise<void> {
    for (let seed = 0; seed < 3; seed += 1) await this.ended(this.#neighbours.set(`seed ${seed}`, seed))
    this.#isLying = true
  }

  /** Lets time pass until a call has ended, well or not; fails when it never does. */
  async ended<Value>(call: Promise<Value>): Promise<Value> {
    const end: End<Value> = endOf(call)
    await this.time.settle()
    for (let step = 0; end.state === 'open' && step < stepsMax; step += 1) await this.time.advance(stepMs)
    if (end.state === 'open') throw new Error(`a call had not ended after ${stepsMax * stepMs} ms`)
    return call
  }

  /** What two honest replicas hold alive and nobody put there; null when there is nothing. */
  foreignKey(known: ReadonlySet<string>): string | null {
    for (const { store } of this.honest) {
      for (const key of store.keys) {
        const record = store.peek(key)
        if (record === null || isDead(record, this.time.nowMs)) continue
        if (!key.startsWith('\u0001ledger:') && !key.startsWith('other:seed ') && !known.has(key)) return key
      }
    }
    return null
  }

  /** Whether any version at an honest replica lies so far ahead that the clock must have followed a lie. */
  isClockPoisoned(): boolean {
    return this.honest.some(({ store }) =>
      store.keys.some((key) => versionTimeMs(store.peek(key)?.version ?? '0') > this.time.nowMs + skewMs),
    )
  }

  /** A record at an honest replica that a backend could not hold; null when there is none. */
  unfitRecord(): string | null {
    for (const { store } of this.honest) {
      for (const key of store.keys) {
        const record = store.peek(key)
        if (record !== null && isCorrupt(decodeRecord(key, encodeRecord(record)))) return JSON.stringify(record)
      }
    }
    return null
  }

  async assertNeighbours(): Promise<void> {
    for (let seed = 0; seed < 3; seed += 1) {
      const value = await this.ended(this.#neighbours.get(`seed ${seed}`))
      if (value !== seed) throw new Error(`another key was changed: seed ${seed} reads ${String(value)}`)
    }
  }

  async close(): Promise<void> {
    await this.ended(this.store.engine.close())
  }
}
