/** What keys are called in Redis. Keys of records hold no NUL, so one after the prefix sets our own apart. */
export class StoredKeys {
  readonly prefix: string
  /** The log of changes. */
  readonly logKey: string

  constructor(prefix: string) {
    this.prefix = prefix
    this.logKey = `${prefix}\0changes`
  }

  keyOf(key: string): string {
    return this.prefix + key
  }

  /** The record's key; null when it is not the key of a record. */
  recordKey(stored: string): string | null {
    if (!stored.startsWith(this.prefix) || stored.charCodeAt(this.prefix.length) === 0) return null
    return stored.slice(this.prefix.length)
  }

  /** Where a new text waits within a transaction. */
  newTextKey(place: number): string {
    return `${this.prefix}\0new:${place}`
  }

  /** Where a server adds up a digest. In a cluster, the place decides the slot. */
  sumsKey(unique: string, place: number): string {
    return `${this.prefix}\0sums:${unique}:{${place}}`
  }

  markKey(place: number): string {
    return `${this.prefix}\0lineage:{${place}}`
  }

  /** The pattern, for `MATCH`, of the keys of records that start with a text. */
  pattern(keyPrefix: string): string {
    return `${(this.prefix + keyPrefix).replace(/[*?[\]\\^]/g, '\\$&')}*`
  }
}
