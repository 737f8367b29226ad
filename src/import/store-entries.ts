import { ConfigError } from '../errors.ts'
import { EmittedErrors } from './emitted-errors.ts'
import { ImportError } from './import-error.ts'
import type { ImportEntry } from './import-source.ts'
import { mapEntry } from './map-entry.ts'

/** A Keyv store, as far as an import needs it: the adapters of keyv 5 and of keyv 6, and a `Map`, all fit. */
export interface StoreToImport {
  /** @param namespace for stores of keyv 5; those of keyv 6 look at their own */
  iterator?(namespace?: string): unknown
  /** As a `Map` has it: used where there is no `iterator`. */
  entries?(): unknown
  get(key: string): unknown
  set(key: string, value: never): unknown
  delete(key: string): unknown
}

export interface StoreEntriesOptions {
  readonly namespace: string | undefined
  /** Whether keyv 5 put the namespace before the keys that it handed to the store. */
  readonly hasPrefixedKeys: boolean
  /** Whether there is no Keyv that set the namespace of the store. */
  readonly isBare: boolean
}

const pageKeysMax = 500

/**
 * All entries of a store in a namespace, under the keys that Keyv handed to it.
 *
 * Iterators of stores are not to be trusted: official ones emit an error and end, as if that were all. So whatever the
 * store emits meanwhile is a failure.
 *
 * @throws ConfigError when the store cannot list its entries in that namespace
 */
export async function* storeEntries(
  store: StoreToImport,
  options: StoreEntriesOptions,
): AsyncGenerator<readonly ImportEntry[]> {
  using errors = new EmittedErrors(store)
  using _ = options.isBare ? lendNamespace(store, options.namespace) : null
  let page: ImportEntry[] = []
  for await (const found of listed(store, options.namespace)) {
    errors.throwIfAny()
    const entry = entryOf(store, found, options)
    if (entry !== null) page.push(entry)
    if (page.length < pageKeysMax) continue
    yield page
    page = []
  }
  errors.throwIfAny()
  yield page
}

/** @throws ConfigError where the store would list nothing, or too little, without a word */
export function assertListable(store: StoreToImport, namespace: string | undefined): void {
  const inner: unknown = Reflect.get(store, 'store')
  const isBridge = typeof inner === 'object' && inner !== null
  if (!isIterable(store) || (isBridge && !isIterable(inner))) throw unlistable()
  const own = namespaceOf(store)
  if (isNative(store) && own !== undefined && own !== namespace) {
    throw new ConfigError('namespace', `that of the adapter, ${JSON.stringify(own)}; for another, give another adapter`)
  }
  if (isRedis(store) && namespace !== undefined && /[*?[\]\\^]/.test(namespace)) {
    const expected = 'one without * ? [ ] \\ ^, because the iterator of this adapter takes them for a pattern'
    throw new ConfigError('namespace', `${expected}; the command \`keyv-quorum import\` does not`)
  }
}

/** The namespace that is set in the store itself. */
export function namespaceOf(store: object): string | undefined {
  const namespace: unknown = Reflect.get(store, 'namespace')
  return typeof namespace === 'string' && namespace !== '' ? namespace : undefined
}

function entryOf(
  store: StoreToImport,
  found: unknown,
  { namespace, hasPrefixedKeys }: StoreEntriesOptions,
): ImportEntry | null {
  const [key, stored]: unknown[] = Array.isArray(found) ? found : []
  if (typeof key !== 'string') throw new ImportError('its iterator gave something that is no entry')
  const handedPrefix = namespace && hasPrefixedKeys ? `${namespace}:` : ''
  if (!isNative(store)) return mapEntry({ key, stored }, namespace, handedPrefix)
  // Other stores list the keys of all namespaces, or use the namespace as a pattern.
  return isNamespaced(store) || key.startsWith(handedPrefix) ? { key, stored } : null
}

function listed(store: StoreToImport, namespace: string | undefined): AsyncIterable<unknown> | Iterable<unknown> {
  const entries = store.iterator?.(namespace) ?? store.entries?.()
  if (typeof entries !== 'object' || entries === null) throw unlistable()
  if (Symbol.asyncIterator in entries) return entries as AsyncIterable<unknown>
  if (Symbol.iterator in entries) return entries as Iterable<unknown>
  throw unlistable()
}

/** Adapters, in contrast to what is like a Map: their entries are as Keyv handed them. */
function isNative(store: StoreToImport): boolean {
  return typeof store.iterator === 'function'
}

/** Whether the iterator gives the keys of one namespace alone, without the mark that the store put on them. */
function isNamespaced(store: StoreToImport): boolean {
  const capabilities: unknown = Reflect.get(store, 'capabilities')
  const hasCapabilities = typeof capabilities === 'object' && capabilities !== null
  return isRedis(store) || (hasCapabilities && Reflect.get(capabilities, 'expires') === true)
}

function isRedis(store: StoreToImport): boolean {
  return 'keyPrefixSeparator' in store
}

function isIterable(store: object): boolean {
  return ['iterator', 'entries'].some((name) => typeof Reflect.get(store, name) === 'function')
}

function unlistable(): ConfigError {
  return new ConfigError('source', 'a store that can list its entries, by `iterator()` or `entries()`')
}

/** An adapter of keyv 6 lists its own namespace, which a Keyv would have set. */
function lendNamespace(store: StoreToImport, namespace: string | undefined): Disposable {
  if (!isNative(store) || namespaceOf(store) === namespace) return { [Symbol.dispose]: () => undefined }
  Reflect.set(store, 'namespace', namespace)
  return { [Symbol.dispose]: () => Reflect.set(store, 'namespace', undefined) }
}
