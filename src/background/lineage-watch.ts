import type { StandingVerdict } from '../core/standing.ts'

export interface LineageConflict {
  /** As it is told to this store. */
  readonly told: string
  /** As another store has put it on record. */
  readonly recorded: string
}

/**
 * Tells when one id stands for different data, as with two hosts that each have a file of their own: another store put
 * another lineage on record, and does so again after this one was put on record anew, while the replica still tells the one
 * with which it counted here when it is asked again. Once proves nothing: a store that was late may have recorded what it
 * had heard before the data was lost.
 */
export class LineageWatch {
  #countedUnder: string | null = null
  /** The lineages that took the place of this one on record, in times that are over, and the one that does now. */
  readonly #displacedBy = new Set<string>()
  #displacing: string | null = null
  /** How many reports had begun when the doubt arose; null while there is none. */
  #doubtedAtReport: number | null = null
  #conflict: LineageConflict | null = null

  get conflict(): LineageConflict | null {
    return this.#conflict
  }

  /** It counts with this lineage. */
  counted(lineage: string | null): void {
    if (this.#countedUnder !== lineage) this.#displacedBy.clear()
    else if (this.#displacing !== null) this.#displacedBy.add(this.#displacing)
    this.#displacing = null
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
    this.#displacing = conflict.recorded
    if (!this.#displacedBy.has(conflict.recorded)) return 'known'
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
