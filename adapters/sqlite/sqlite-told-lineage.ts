/** The lineage that the answers of one call, or of every step of one scan, come from; null until the first answer. */
export interface Vouching {
  lineage: string | null
}

/**
 * The lineage that callers count on: the one they were told, or before that, the one that the first answer came from. It
 * lives beside the callers, so that it outlasts the thread that reads the database.
 *
 * When a call finds another one it is revoked, and calls go on, vouched for by nothing but their first answer.
 */
export class ToldLineage {
  #lineage: string | null = null

  vouching(): Vouching {
    return { lineage: this.#lineage }
  }

  tell(lineage: string): void {
    this.#lineage = lineage
  }

  noteAnswer(vouching: Vouching, lineage: string): void {
    vouching.lineage = lineage
    this.#lineage ??= lineage
  }

  /** Where a newer one was told meanwhile, that one stays. */
  revoke({ lineage }: Vouching): void {
    if (this.#lineage === lineage) this.#lineage = null
  }
}
