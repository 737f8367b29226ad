import fc from 'fast-check'
import type { LiarScene } from './liar-scene.ts'

const keys = ['a', 'b', 'c'] as const
type Key = (typeof keys)[number]

/** What a client does, and what it must see. */
export type ClientStep =
  | { readonly does: 'set'; readonly key: Key; readonly value: number }
  | { readonly does: 'delete' | 'get' | 'has' | 'explain'; readonly key: Key }
  | { readonly does: 'get all' | 'clear' | 'iterate' | 'sweep' | 'sweep changes' | 'preview' | 'check' | 'wait' }

const key = fc.constantFrom(...keys)

export const clientSteps: fc.Arbitrary<ClientStep[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ does: fc.constant('set' as const), key, value: fc.nat({ max: 99 }) }) },
    { weight: 6, arbitrary: fc.record({ does: fc.constantFrom('delete', 'get', 'get', 'has', 'explain'), key }) },
    {
      weight: 5,
      arbitrary: fc.record({
        does: fc.constantFrom(
          'get all',
          'clear',
          'iterate',
          'sweep',
          'sweep',
          'sweep changes',
          'preview',
          'check',
          'wait',
        ),
      }),
    },
  ),
  { minLength: 1, maxLength: 12, size: 'max' },
)

/** Does one thing after the other, and compares each answer with what a single map would say. */
export class HonestClient {
  readonly #scene: LiarScene
  readonly #held = new Map<Key, number>()

  constructor(scene: LiarScene) {
    this.#scene = scene
  }

  get keyTexts(): ReadonlySet<string> {
    return new Set([...this.#held.keys()].map((each) => `mine:${each}`))
  }

  async take(step: ClientStep): Promise<void> {
    const { view } = this.#scene
    switch (step.does) {
      case 'set':
        this.#held.set(step.key, step.value)
        return this.#see(view.set(step.key, step.value), true)
      case 'delete':
        return this.#delete(step.key)
      case 'get':
        return this.#see(view.get(step.key), this.#held.get(step.key))
      case 'has':
        return this.#see(view.has(step.key), this.#held.has(step.key))
      case 'explain':
        await this.#scene.ended(view.explain(step.key))
        return
      case 'get all':
        return this.#see(
          view.getMany(keys),
          keys.map((each) => this.#held.get(each)),
        )
      case 'clear':
        this.#held.clear()
        return this.#see(view.clear(), undefined)
      case 'iterate':
        return this.#see(this.#iterated(), this.#entries())
      default:
        return this.#inBackground(step.does)
    }
  }

  async #inBackground(does: 'sweep' | 'sweep changes' | 'preview' | 'check' | 'wait'): Promise<void> {
    const { engine } = this.#scene.store
    if (does === 'wait') await this.#scene.time.advance(40_000)
    else if (does === 'check') await this.#scene.ended(engine.check())
    else if (does === 'preview') await this.#scene.ended(engine.sweep({ preview: true }))
    else await this.#scene.ended(engine.sweep({ kind: does === 'sweep' ? 'full' : 'incremental' }))
  }

  async #delete(deleted: Key): Promise<void> {
    const wasHeld = this.#held.delete(deleted)
    return this.#see(this.#scene.view.delete(deleted), wasHeld)
  }

  async #iterated(): Promise<[string, unknown][]> {
    const found: [string, unknown][] = []
    for await (const [each, value] of this.#scene.view.iterator()) found.push([each, value])
    return found.sort()
  }

  #entries(): [string, number][] {
    return [...this.#held].sort()
  }

  async #see(answer: Promise<unknown>, expected: unknown): Promise<void> {
    const seen = await this.#scene.ended(answer)
    if (JSON.stringify(seen) === JSON.stringify(expected)) return
    throw new Error(`answered ${JSON.stringify(seen)} in place of ${JSON.stringify(expected)}`)
  }
}
