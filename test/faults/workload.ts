import { setImmediate as nextTurn } from 'node:timers/promises'
import type { KeyvQuorum } from '../../src/keyv-quorum.ts'
import { type Findings, Writer } from './writer.ts'

/** Writers that work side by side until told to finish, each with everything that a store can do. */
export class Workload {
  readonly #findings: Findings = { operations: 0, failures: [], lostWrites: [] }
  readonly #writers: Promise<unknown>
  #isOver = false

  constructor(store: KeyvQuorum, writersCount: number) {
    const names = Array.from({ length: writersCount }, (_, index) => `writer ${index}`)
    const writers = names.map((name) => new Writer(name, store.withNamespace(name), this.#findings))
    this.#writers = Promise.all(writers.map((writer) => writer.run(() => this.#isOver)))
  }

  /** Resolves when that many more operations have been answered, so that a fault is known to have been under load. */
  async answered(count: number): Promise<void> {
    const target = this.#findings.operations + count
    while (this.#findings.operations < target && this.#findings.failures.length === 0) await nextTurn()
  }

  /** What went wrong while the load ran; both lists are empty when the store keeps its word. */
  async finish(): Promise<Findings> {
    this.#isOver = true
    await this.#writers
    return this.#findings
  }
}
