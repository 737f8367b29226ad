/**
 * The part of a Keyv store that the replica uses. A `Map`, the storage adapters of Keyv 5 (relative ttl) and those of
 * Keyv 6 (absolute expiry) all fit. Answers may be promises or not.
 */
export interface KeyvStoreLike {
  get(key: string): unknown
  /** @param expiry ms from now for a Keyv 5 store, ms since 1970 for a Keyv 6 store; undefined for never */
  set(key: string, value: string, expiry?: number): unknown
  delete(key: string): unknown
  getMany?(keys: string[]): unknown
  setMany?(entries: KeyvStoreEntry[]): unknown
  deleteMany?(keys: string[]): unknown
  /** @param namespace for Keyv 5 stores; those of Keyv 6 look at their own */
  iterator?(namespace?: string): unknown
  /** As a `Map` has it: used where there is no `iterator`. */
  entries?(): unknown
  on?(event: 'error', listener: (error: unknown) => void): unknown
  /** @param isForced the Redis adapters: break off at once instead of waiting for answers */
  disconnect?(isForced?: boolean): unknown
  readonly namespace?: string | undefined
  readonly capabilities?: { readonly expires?: boolean | undefined; readonly store?: string } | undefined
}

export interface KeyvStoreEntry {
  readonly key: string
  readonly value: string
  /** Keyv 5: ms from now. */
  readonly ttl?: number
  /** Keyv 6: ms since 1970. */
  readonly expires?: number
}

/** Whether this is a Keyv store: anything with `get`, `set` and `delete` that is no Keyv instance itself. */
export function isKeyvStore(source: unknown): source is KeyvStoreLike {
  return hasMethods(source, ['get', 'set', 'delete']) && !isKeyvInstance(source)
}

/**
 * Whether this is a Keyv instance rather than a store. It is refused: its encryption, compression and serialization
 * would be passed over without a word, and it reports failed calls as misses.
 */
export function isKeyvInstance(source: unknown): boolean {
  return hasMethods(source, ['get', 'set', 'getRaw', 'setRaw']) && 'store' in source
}

function hasMethods(source: unknown, methods: readonly string[]): source is object {
  if (typeof source !== 'object' || source === null) return false
  return methods.every((method) => typeof Reflect.get(source, method) === 'function')
}
