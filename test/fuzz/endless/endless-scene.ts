import type { SweepReport } from '../../../src/background/sweep/sweep-report.ts'
import type { QuorumView } from '../../../src/quorum-view.ts'
import { type End, endOf } from '../../support/end-of.ts'
import { type OpenStore, openStore, scriptedReplicas } from '../../support/open-store.ts'
import type { ScriptedReplicaOptions } from '../../support/scripted-replica.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { SimulatedTime } from '../../support/simulated-time.ts'
import { EndlessReplica } from './endless-replica.ts'

export type Work = 'clear' | 'iterate' | 'sweep' | 'sweep changes' | 'preview'

export const deadlineMs = 5_000
const keys = ['a', 'b', 'c'] as const
const waitStepMs = 500

/** A store over three replicas, one of which may never come to the end of a walk, with keys of two namespaces. */
export class EndlessScene {
  readonly time: SimulatedTime = new SimulatedTime(Date.UTC(2026, 0))
  readonly endless: EndlessReplica
  readonly store: OpenStore
  readonly #mine: QuorumView
  readonly #others: QuorumView

  /** @param place of the endless replica among the three */
  constructor(place: number, lacks: NonNullable<ScriptedReplicaOptions['lacks']>, lineage: 'checked' | 'assumed') {
    const replicas = scriptedReplicas(this.time, 3, { lacks })
    const [endless] = replicas.slice(place)
    if (endless === undefined) throw new RangeError(`there is no replica ${place}`)
    this.endless = new EndlessReplica(endless, this.time.timers)
    const all = replicas.map((replica) => (replica === endless ? this.endless : replica))
    const options = { lineage, sweepEveryMs: 0, deadlineMs, callTimeoutMs: 2_000 } as const
    this.store = openStore(this.time.runtime({ random: seededRandom(9) }), all, options)
    this.#mine = this.store.view.withNamespace('mine')
    this.#others = this.store.view.withNamespace('other')
  }

  /** What a sweep of changes goes on from is there too. */
  async begin(): Promise<void> {
    for (const key of keys) {
      await this.within(deadlineMs, this.#mine.set(key, key))
      await this.within(deadlineMs, this.#others.set(key, key))
    }
    await this.within(4 * deadlineMs, this.store.engine.sweep())
    await this.within(deadlineMs, this.#mine.set('a', 'a'))
  }

  /** Lets time pass until a call has ended, well or not; fails when it has not by then. */
  async within<Value>(ms: number, call: Promise<Value>): Promise<Value> {
    const end: End<Value> = endOf(call)
    await this.time.settle()
    for (let waitedMs = 0; end.state === 'open' && waitedMs < ms; waitedMs += waitStepMs) {
      await this.time.advance(waitStepMs)
    }
    if (end.state === 'open') throw new Error(`a call had not ended after ${ms} ms`)
    return call
  }

  /** @returns what it came to; what it should come to is known, whatever one replica of three does */
  work(work: Work, signal: AbortSignal): Promise<SweepReport | readonly string[] | undefined> {
    const { engine } = this.store
    switch (work) {
      case 'clear':
        return this.#mine.clear().then(() => undefined)
      case 'iterate':
        return this.#iterated()
      case 'sweep':
        return engine.sweep({ signal })
      case 'sweep changes':
        return engine.sweep({ kind: 'incremental', signal })
      case 'preview':
        return engine.sweep({ preview: true, signal })
    }
  }

  /** Whatever goes on in the background, requests are answered, and rightly. */
  async assertServing(round: number): Promise<void> {
    const key = `request ${round}`
    await this.within(deadlineMs, this.#others.set(key, round))
    if ((await this.within(deadlineMs, this.#others.get(key))) !== round) throw new Error('what was set is not there')
    if (!(await this.within(deadlineMs, this.#others.delete(key)))) throw new Error('it was not there to delete')
    await this.assertOthers()
  }

  async assertOthers(): Promise<void> {
    const found = await this.within(deadlineMs, this.#others.getMany([...keys]))
    if (found.join() !== keys.join()) throw new Error(`other keys were changed: ${found.join()}`)
  }

  /** The keys of the namespace that was worked on. */
  async assertMine(expected: readonly string[]): Promise<void> {
    const found = await this.within(4 * deadlineMs, this.#iterated())
    if (found.join() !== expected.join()) throw new Error(`${found.join()} in place of ${expected.join()}`)
  }

  async #iterated(): Promise<readonly string[]> {
    const found: string[] = []
    for await (const [key] of this.#mine.iterator()) found.push(key)
    return found.sort()
  }
}

export const keysHeld: readonly string[] = keys
