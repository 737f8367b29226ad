import { ConfigError } from '../errors.ts'
import type { ImportSource } from './import-source.ts'
import type { DecodeEnvelope } from './read-envelope.ts'
import { assertListable, namespaceOf, type StoreToImport, storeEntries } from './store-entries.ts'

/**
 * What can be imported: a Keyv instance of the 5 or the 6 series, its storage adapter, a Map, any other store with an
 * iterator, or an {@link ImportSource}.
 *
 * Give the Keyv itself where it compresses, encrypts or serializes in a way of its own: only it can tell when its entries
 * expire. The Keyv over the quorum store has to be set up the same.
 */
export type ImportableStore = ImportSource | StoreToImport | KeyvToImport

/** The part of a Keyv instance that is used. */
export interface KeyvToImport {
  readonly store: unknown
  readonly namespace?: string | undefined
  /** keyv 5: whether it puts its namespace before the keys. */
  readonly useKeyPrefix?: boolean
  getRaw(key: string): unknown
}

/** What an import reads, and how. */
export interface ImportPlan {
  readonly pages: ReturnType<ImportSource['pages']>
  readonly namespace: string | undefined
  readonly decode: DecodeEnvelope
}

/** @throws ConfigError when the source cannot be used */
export function importPlan(source: unknown, namespace: string | undefined): ImportPlan {
  if (typeof source !== 'object' || source === null) throw unusable()
  if (isImportSource(source)) return { pages: source.pages(), namespace, decode: JSON.parse }
  if (isKeyv(source)) return planOfKeyv(source, namespace)
  if (!isStore(source)) throw unusable()
  const named = namespace ?? namespaceOf(source)
  assertListable(source, named)
  const pages = storeEntries(source, { namespace: named, hasPrefixedKeys: true, isBare: true })
  return { pages, namespace: named, decode: JSON.parse }
}

function planOfKeyv(keyv: KeyvToImport, wished: string | undefined): ImportPlan {
  const { namespace, store, useKeyPrefix } = keyv
  if (wished !== undefined && wished !== (namespace ?? '')) {
    throw new ConfigError('namespace', `that of the Keyv, ${JSON.stringify(namespace ?? '')}, or none`)
  }
  if (!isStore(store)) throw unusable()
  assertListable(store, namespace)
  const pages = storeEntries(store, { namespace, hasPrefixedKeys: useKeyPrefix !== false, isBare: false })
  return { pages, namespace, decode: decoderOf(keyv) }
}

/** keyv 6 decodes by `decode`, keyv 5 by `deserializeData`. */
function decoderOf(keyv: KeyvToImport): DecodeEnvelope {
  for (const name of ['decode', 'deserializeData']) {
    const decode: unknown = Reflect.get(keyv, name)
    if (typeof decode === 'function') return (text) => Reflect.apply(decode, keyv, [text])
  }
  return JSON.parse
}

function isImportSource(source: object): source is ImportSource {
  return hasMethods(source, ['pages']) && !isStore(source)
}

function isKeyv(source: object): source is KeyvToImport {
  return hasMethods(source, ['get', 'set', 'getRaw']) && 'store' in source
}

function isStore(source: unknown): source is StoreToImport {
  return typeof source === 'object' && source !== null && hasMethods(source, ['get', 'set', 'delete'])
}

function hasMethods(source: object, methods: readonly string[]): boolean {
  return methods.every((method) => typeof Reflect.get(source, method) === 'function')
}

function unusable(): ConfigError {
  return new ConfigError('source', 'a Keyv, a Keyv storage adapter, a Map or another store with an iterator')
}
