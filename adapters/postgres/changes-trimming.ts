import type { Random } from '../../src/runtime.ts'
import type { PostgresDatabase } from './postgres-database.ts'

const trimTimeoutMs = 10_000
/** The log is trimmed after one put in so many, on the average, so that short-lived processes do their part. */
const putsATrimMax = 2000
/** And before it has grown by more than such a part beyond its size, more or less. */
const surplusShare = 1 / 10

/** Keeps the log of changes to its size, beside the puts. */
export class ChangesTrimming {
  readonly #database: PostgresDatabase
  readonly #rowsMax: number
  readonly #random: Random
  readonly #chance: number
  #isUnderWay = false

  /** @param rowsMax 0 for no log */
  constructor(database: PostgresDatabase, rowsMax: number, random: Random) {
    this.#database = database
    this.#rowsMax = rowsMax
    this.#random = random
    this.#chance = 1 / Math.min(putsATrimMax, Math.max(1, rowsMax * surplusShare))
  }

  /** To be called after every put. A put does not fail because of it: what was not trimmed now is trimmed later. */
  maybeTrim(): void {
    if (this.#isUnderWay || !this.#database.isLogged || this.#random.fraction() >= this.#chance) return
    this.#isUnderWay = true
    const trimmed = this.#database.call(trimTimeoutMs, (run) => run('trim', [this.#rowsMax]), null)
    trimmed
      .catch(() => undefined)
      .finally(() => {
        this.#isUnderWay = false
      })
  }
}
