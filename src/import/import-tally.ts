export interface ImportProgress {
  /** Entries that the source gave. */
  readonly read: number
  /** Records that are in the store now, as they are in the source. */
  readonly imported: number
  /** Keys that somebody wrote or deleted in the store: what is there was kept. */
  readonly kept: number
  /** Entries that Keyv would give no value for. */
  readonly skipped: number
}

export interface SkippedEntry {
  readonly key: string
  readonly reason: string
}

export interface ImportReport extends ImportProgress {
  /** The first entries that were skipped, at most 100. */
  readonly skippedExamples: readonly SkippedEntry[]
}

const examplesMax = 100

/** Counts what becomes of the entries of an import. */
export class ImportTally {
  #imported = 0
  #kept = 0
  #skipped = 0
  readonly #examples: SkippedEntry[] = []

  count(outcome: 'imported' | 'kept'): void {
    if (outcome === 'imported') this.#imported += 1
    else this.#kept += 1
  }

  skip(entry: SkippedEntry): void {
    this.#skipped += 1
    if (this.#examples.length < examplesMax) this.#examples.push(entry)
  }

  progress(): ImportProgress {
    const [imported, kept, skipped] = [this.#imported, this.#kept, this.#skipped]
    return { read: imported + kept + skipped, imported, kept, skipped }
  }

  report(): ImportReport {
    return { ...this.progress(), skippedExamples: this.#examples }
  }
}
