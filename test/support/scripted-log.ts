import type { ChangesStep } from '../../src/replica.ts'

/** The log of changes of a scripted replica: the keys that were put, one after the other, and only so many of them. */
export class ScriptedLog {
  /** The most keys that it holds; the oldest go first. */
  keysMax = 100_000
  /** The most keys in one step. */
  stepKeysMax = 1_000
  #keys: string[] = []
  /** How many went before those held. */
  #forgotten = 0
  #life = 1

  append(key: string): void {
    this.#keys.push(key)
    this.forget(this.#keys.length - this.keysMax)
  }

  /** Drops the oldest so many; by default all. */
  forget(count = this.#keys.length): void {
    this.#forgotten += this.#keys.splice(0, Math.max(0, count)).length
  }

  /** Loses everything, also what its positions mean. */
  lose(): void {
    this.#keys = []
    this.#forgotten = 0
    this.#life += 1
  }

  stepsAfter(after: string | null): ChangesStep[] {
    if (after === null) return [{ keys: [], position: this.#positionAt(this.#end) }]
    const [life, place] = after.split('/').map(Number)
    if (life !== this.#life || place === undefined || place < this.#forgotten || place > this.#end) {
      return [{ keys: [], position: this.#positionAt(this.#end), isGap: true }]
    }
    const steps: ChangesStep[] = []
    let start = place
    do {
      const next = Math.min(this.#end, start + this.stepKeysMax)
      const keys = this.#keys.slice(start - this.#forgotten, next - this.#forgotten)
      steps.push({ keys, position: this.#positionAt(next) })
      start = next
    } while (start < this.#end)
    return steps
  }

  get #end(): number {
    return this.#forgotten + this.#keys.length
  }

  #positionAt(place: number): string {
    return `${this.#life}/${place}`
  }
}
