import { setImmediate as nextTurn } from 'node:timers/promises'
import type { KeyvQuorum } from '../../src/keyv-quorum.ts'

/** What went wrong while the load ran; both lists are empty when the store keeps its word. */
export interface Verdict {
  readonly failures: readonly string[]
  readonly lostWrites: readonly string[]
  readonly operations: number
}

const keysPerWriter = 20

/**
 * Writers that count up keys of their own, and read them back: whatever was acknowledged must be read, or something newer
 * of the same writer.
 */
export class Workload {
  readonly #store: KeyvQuorum
  readonly #acknowledged = new Map<string, number>()
  readonly #failures: string[] = []
  readonly #lostWrites: string[] = []
  #operations = 0
  #isOver = false
  readonly #writers: Promise<void>[]

  constructor(store: KeyvQuorum, writersCount: number) {
    this.#store = store
    this.#writers = Array.from({ length: writersCount }, (_, writer) => this.#write(writer))
  }

  get operations(): number {
    return this.#operations
  }

  /** Resolves when that many more operations have been answered, so that a fault is known to have been under load. */
  async answered(count: number): Promise<void> {
    const target = this.#operations + count
    while (this.#operations < target && this.#failures.length === 0) await nextTurn()
  }

  async finish(): Promise<Verdict> {
    this.#isOver = true
    await Promise.all(this.#writers)
    await Promise.all([...this.#acknowledged.keys()].map((key) => this.#check(key)))
    return { failures: this.#failures, lostWrites: this.#lostWrites, operations: this.#operations }
  }

  async #write(writer: number): Promise<void> {
    for (let count = 1; !this.#isOver; count += 1) {
      const key = `writer ${writer}, key ${count % keysPerWriter}`
      await this.#attempt(`set ${key}`, async () => {
        await this.#store.set(key, String(count))
        this.#acknowledged.set(key, count)
      })
      await this.#check(`writer ${writer}, key ${(count * 7) % keysPerWriter}`)
    }
  }

  async #check(key: string): Promise<void> {
    const acknowledged = this.#acknowledged.get(key) ?? 0
    await this.#attempt(`get ${key}`, async () => {
      const read = Number((await this.#store.get(key)) ?? 0)
      if (read < acknowledged) this.#lostWrites.push(`${key}: ${acknowledged} was acknowledged, ${read} was read`)
    })
  }

  async #attempt(what: string, operation: () => Promise<void>): Promise<void> {
    try {
      await operation()
    } catch (error) {
      this.#failures.push(`${what}: ${error instanceof Error ? error.message : String(error)}`)
    }
    this.#operations += 1
  }
}
