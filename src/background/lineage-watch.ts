import type { StandingVerdict } from '../core/standing.ts'

export interface LineageConflict {
  /** As it is told to this store. */
  readonly told: string
  /** As another store has put it on record. */
  readonly recorded: string
}

/**
 * Tells two cases apart in which another store put another lineage of a replica on record. Its data may have been lost, and
 * the other store was the first to hear: then it tells that lineage here too, when it is asked again. Or it still tells the
 * one with which it counted here: then one id stands for different data, as with two hosts that each have a file of their own.
 */
export class LineageWatch {
  #countedUnder: string | null = null
  /** How many reports had begun when the doubt arose; null while there is none. */
  #doubtedAtReport: number | null = null
  #conflict: LineageConflict | null = null

  get conflict(): LineageConflict | null {
    return this.#conflict
  }

  /** It counts with this lineage. */
  counted(lineage: string | null): void {
    this.#countedUnder = lineage
    this.#doubtedAtReport = null
    this.#conflict = null
  }

  /**
   * It does not count, and tells another lineage than is on record.
   * @param reports how many reports of its lineage have begun, and which of them the told one is from
   */
  differs(
    conflict: LineageConflict,
    reports: { readonly begun: number; readonly told: number },
  ): 'ask again' | 'known' {
    if (this.#countedUnder !== conflict.told) return 'known'
    if (this.#doubtedAtReport === null) {
      this.#doubtedAtReport = reports.begun
      return 'ask again'
    }
    if (reports.told > this.#doubtedAtReport) this.#conflict ??= conflict
    return 'known'
  }
}

export const conflictVerdict: StandingVerdict = {
  standing: 'joining',
  reason: 'another store meets different data under this id: give replicas with data of their own ids of their own',
}
