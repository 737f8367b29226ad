/** A store whose entries are to be imported. */
export interface ImportSource {
  /**
   * Every entry at least once, in pages of any size. A source that cannot go on rejects: it never just ends.
   * Whoever stops early ends the iteration.
   */
  pages(): AsyncIterable<readonly ImportEntry[]>
}

export interface ImportEntry {
  /** As Keyv handed it to the store: keyv 5 put the namespace and a colon before it, keyv 6 does not. */
  readonly key: string
  /** As Keyv left it there: the text of its envelope, or the envelope itself where serialization is off. */
  readonly stored: unknown
  /** When the store itself would drop the entry, in ms since 1970; left out where it does not tell. */
  readonly expiresAtMs?: number
  /** Why it is not to be imported, where the source knows a reason. */
  readonly unfit?: string
}
