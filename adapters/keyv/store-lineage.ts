import { ReplicaError } from '../../src/errors.ts'
import type { Random } from '../../src/runtime.ts'
import type { StoreCalls } from './store-calls.ts'
import { lineageKey } from './stored-text.ts'

const lineagePattern = /^lineage ([0-9a-f]{32})$/

/**
 * The lineage of a store, kept in it under a key of its own: whatever empties the store takes it along. Once it was told,
 * it is read along with whatever is read, and vouches for it.
 */
export class StoreLineage {
  readonly #replica: string
  readonly #calls: StoreCalls
  readonly #random: Random
  #told: string | null = null

  constructor(replica: string, calls: StoreCalls, random: Random) {
    this.#replica = replica
    this.#calls = calls
    this.#random = random
  }

  get told(): string | null {
    return this.#told
  }

  tell(lineage: string): string {
    this.#told = lineage
    return lineage
  }

  /** Null where there is none. */
  async read(): Promise<string | null> {
    const [stored] = await this.#calls.getMany([lineageKey])
    return lineageIn(stored)
  }

  /** The lineage that the store has, or a new one. Two of these must not run at once in one process. */
  async ensure(): Promise<string> {
    const held = await this.read()
    if (held !== null) return held
    const text = `lineage ${this.#random.hex(32)}`
    await this.#calls.setMany([{ key: lineageKey, text, expiresAtMs: null }])
    // Another process may have set its own in the meantime, and what is held now is what others see.
    const settled = await this.read()
    if (settled !== null) return settled
    throw new ReplicaError('REJECTED', 'the store does not hold what was just written to it', {
      replica: this.#replica,
    })
  }

  /**
   * What lies under each key. The lineage is read with the keys where the store reads many at once, and after them where
   * it does not: what is emptied before the last key was read has no lineage any more.
   */
  async getMany(keys: readonly string[]): Promise<readonly unknown[]> {
    const told = this.#told
    if (told === null) return await this.#calls.getMany(keys)
    if (this.#calls.readsMany) {
      const stored = await this.#calls.getMany([...keys, lineageKey])
      this.expect(told, lineageIn(stored[keys.length]))
      return stored
    }
    const stored = await this.#calls.getMany(keys)
    this.expect(told, await this.read())
    return stored
  }

  /** @throws ReplicaError when what was read was read under another lineage than it has to be */
  expect(wanted: string, held: string | null): void {
    if (held === wanted && (this.#told === null || this.#told === wanted)) return
    if (this.#told === wanted) this.#told = null
    throw new ReplicaError('UNAVAILABLE', 'the store was emptied: its lineage is another', { replica: this.#replica })
  }
}

function lineageIn(stored: unknown): string | null {
  return lineagePattern.exec(String(stored))?.[1] ?? null
}
