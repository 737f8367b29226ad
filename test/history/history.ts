/**
 * What the clients of a run did and were told: the one format that simulated runs and runs over real servers record,
 * and that every checker beside this file reads.
 *
 * Every set writes a value that no other set writes, so a get names the write it saw. A get that failed says nothing
 * and is left out. A batch is recorded as one operation for each of its keys.
 */
export interface History {
  /** In any order; the checkers sort by what they need. */
  readonly operations: readonly Operation[]
}

export interface Operation {
  /** The order of invocation, unique within the history; violations name operations by it. */
  readonly index: number
  /** One sequential client, such as `c0`. */
  readonly client: string
  readonly kind: 'set' | 'delete' | 'get' | 'clear'
  /** Empty for a clear, which concerns every key. */
  readonly key: string
  /** What a set wrote, or what a get returned: null for absent. Null for delete and clear. For has see {@link someValue}. */
  readonly value: string | null
  /** Of a set: when its value expires, by the same clock as `invokedAt`; null for never. */
  readonly expiresAtMs: number | null
  /**
   * By one clock for all clients, in ms. Operations that meet at one moment count as overlapping, so a recorder whose clock
   * stands still meanwhile adds a small fraction to keep the order that it knows.
   */
  readonly invokedAt: number
  /** Null: the client never heard of it, since it crashed. The operation then counts as open for ever. */
  readonly returnedAt: number | null
  /** `failed`: certainly not applied. `unknown`: may take effect at any time after its invocation, or never. */
  readonly outcome: 'ok' | 'failed' | 'unknown'
  /**
   * Where the recorder knows it, the version under which a write was acknowledged, or of the record that a get found: the
   * text form, which sorts as versions do.
   */
  readonly version?: string
}

/** The value of a get that stands for a has which found something; one that found nothing is a get of null. */
export const someValue = '(some value)'

export type Rule =
  | 'linearizability'
  | 'regular'
  | 'lost-write'
  | 'monotonic'
  | 'resurrection'
  | 'convergence'
  | 'bounded'

/** What a checker found: the rule that does not hold, and the operations that show it. */
export interface Violation {
  readonly rule: Rule
  /** Empty where it is not about one key. */
  readonly key: string
  /** Indexes of operations, in the order in which they are best read. */
  readonly operations: readonly number[]
  /** One sentence. */
  readonly explanation: string
}
