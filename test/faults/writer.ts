import type { QuorumView } from '../../src/quorum-view.ts'

/** What the writers of a load have done and found, together. */
export interface Findings {
  operations: number
  readonly failures: string[]
  readonly lostWrites: string[]
}

const keysCount = 20
const keys = Array.from({ length: keysCount }, (_, index) => `key ${index}`)

/**
 * One client with a namespace of its own, which does one thing after the other and keeps book of what was acknowledged:
 * nobody else writes there, so every answer must be exactly what the book says.
 */
export class Writer {
  readonly #name: string
  readonly #view: QuorumView
  readonly #findings: Findings
  readonly #acknowledged = new Map<string, string>()

  constructor(name: string, view: QuorumView, findings: Findings) {
    this.#name = name
    this.#view = view
    this.#findings = findings
  }

  /** @param isOver asked before every round */
  async run(isOver: () => boolean): Promise<void> {
    await this.#clear()
    for (let round = 1; !isOver(); round += 1) {
      await this.#write(round)
      await this.#read(round)
    }
    await this.#getMany(keys)
    await this.#iterate()
  }

  /** Mostly sets; a batch, a deletion and a clear each at a pace of its own. */
  #write(round: number): Promise<void> {
    const value = `round ${round}`
    if (round % 97 === 0) return this.#clear()
    if (round % 7 === 0) return this.#delete(keyAt(round))
    if (round % 5 === 0) return this.#setMany([keyAt(round), keyAt(round + 1), keyAt(round + 2)], value)
    return this.#set(keyAt(round), value)
  }

  #read(round: number): Promise<void> {
    if (round % 89 === 0) return this.#iterate()
    if (round % 5 === 0) return this.#getMany(keys)
    if (round % 3 === 0) return this.#has(keyAt(round))
    return this.#get(keyAt(round * 7))
  }

  #set(key: string, value: string): Promise<void> {
    return this.#attempt(`set ${key}`, async () => {
      await this.#view.set(key, value)
      this.#acknowledged.set(key, value)
    })
  }

  #setMany(chosen: readonly string[], value: string): Promise<void> {
    return this.#attempt(`setMany ${chosen}`, async () => {
      await this.#view.setMany(chosen.map((key) => ({ key, value })))
      for (const key of chosen) this.#acknowledged.set(key, value)
    })
  }

  #delete(key: string): Promise<void> {
    return this.#attempt(`delete ${key}`, async () => {
      const wasThere = await this.#view.delete(key)
      this.#compare(`delete ${key}`, wasThere, this.#acknowledged.delete(key))
    })
  }

  #clear(): Promise<void> {
    return this.#attempt('clear', async () => {
      await this.#view.clear()
      this.#acknowledged.clear()
    })
  }

  #get(key: string): Promise<void> {
    return this.#attempt(`get ${key}`, async () => {
      this.#compare(`get ${key}`, await this.#view.get(key), this.#acknowledged.get(key))
    })
  }

  #getMany(chosen: readonly string[]): Promise<void> {
    return this.#attempt('getMany', async () => {
      const values = await this.#view.getMany(chosen)
      for (const [index, key] of chosen.entries()) {
        this.#compare(`getMany ${key}`, values[index], this.#acknowledged.get(key))
      }
    })
  }

  #has(key: string): Promise<void> {
    return this.#attempt(`has ${key}`, async () => {
      this.#compare(`has ${key}`, await this.#view.has(key), this.#acknowledged.has(key))
    })
  }

  #iterate(): Promise<void> {
    return this.#attempt('iterator', async () => {
      const found = new Map<string, unknown>()
      for await (const [key, value] of this.#view.iterator()) found.set(key, value)
      for (const key of keys) this.#compare(`iterator ${key}`, found.get(key), this.#acknowledged.get(key))
    })
  }

  #compare(what: string, answer: unknown, acknowledged: unknown): void {
    if (answer === acknowledged) return
    this.#findings.lostWrites.push(`${this.#name}, ${what}: ${answer}, though ${acknowledged} was acknowledged`)
  }

  async #attempt(what: string, operation: () => Promise<void>): Promise<void> {
    try {
      await operation()
    } catch (error) {
      this.#findings.failures.push(`${this.#name}, ${what}: ${error instanceof Error ? error.message : String(error)}`)
    }
    this.#findings.operations += 1
  }
}

function keyAt(place: number): string {
  return `key ${place % keysCount}`
}
