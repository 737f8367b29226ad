import { QuorumError } from '../../src/errors.ts'
import type { History, Operation } from '../history/history.ts'

type Writable<Type> = { -readonly [Name in keyof Type]: Type[Name] }

export type OperationBegun = Pick<Operation, 'client' | 'kind' | 'key' | 'value' | 'expiresAtMs'>

/** Writes the history of a run down. An operation of which nobody hears stays open. */
export class Recorder {
  readonly #operations: Writable<Operation>[] = []
  readonly #failedGets = new Set<number>()
  readonly #now: () => number
  /** Tells what happens at one moment apart, in its order. */
  #count = 0

  /** @param now the true time */
  constructor(now: () => number) {
    this.#now = now
  }

  get history(): History {
    return {
      operations: this.#operations.filter(
        ({ index, kind, returnedAt }) => kind !== 'get' || (returnedAt !== null && !this.#failedGets.has(index)),
      ),
    }
  }

  /** All of it, with what tells nothing. */
  get operations(): readonly Operation[] {
    return this.#operations
  }

  begin(begun: OperationBegun): number {
    const index = this.#operations.length
    const invokedAt = this.#stamp()
    this.#operations.push({ ...begun, index, invokedAt, returnedAt: null, outcome: 'unknown' })
    return index
  }

  /** @param value what a get returned */
  succeed(index: number, value: string | null = null, version?: string): void {
    const operation = this.#operations[index]
    if (operation === undefined) return
    operation.returnedAt = this.#stamp()
    operation.outcome = 'ok'
    if (operation.kind === 'get') operation.value = value
    if (version !== undefined) operation.version = version
  }

  fail(index: number, error: unknown): void {
    const operation = this.#operations[index]
    if (operation === undefined) return
    operation.returnedAt = this.#stamp()
    operation.outcome = error instanceof QuorumError && error.outcome === 'not-applied' ? 'failed' : 'unknown'
    if (operation.kind === 'get') this.#failedGets.add(index)
  }

  #stamp(): number {
    this.#count += 1
    return this.#now() + this.#count / 1_000_000
  }
}
