import type { ImportEntry } from './import-source.ts'

/**
 * An entry of a Map, under the key that Keyv would have handed to a store; null when it is of another namespace.
 *
 * keyv 5 puts its envelope there under `namespace:key`. keyv 6 wraps the envelope once more, with the time beside it,
 * under `namespace::key`.
 *
 * @param handedPrefix what keyv 5 puts before its keys
 */
export function mapEntry(
  { key, stored }: ImportEntry,
  namespace: string | undefined,
  handedPrefix: string,
): ImportEntry | null {
  const isWrapped = typeof stored === 'object' && stored !== null && 'value' in stored
  if (namespace && isWrapped && key.startsWith(`${namespace}::`)) {
    return { key: key.slice(namespace.length + '::'.length), ...unwrapped(stored) }
  }
  if (!key.startsWith(handedPrefix)) return null
  return !namespace && isWrapped && isEnvelope(stored.value) ? { key, ...unwrapped(stored) } : { key, stored }
}

/** Without a namespace both series use the key as it is: what is wrapped holds an envelope in the place of a value. */
function isEnvelope(value: unknown): boolean {
  if (typeof value !== 'string') return false
  try {
    const parsed: unknown = JSON.parse(value)
    return typeof parsed === 'object' && parsed !== null && 'value' in parsed
  } catch {
    return false
  }
}

function unwrapped(stored: { readonly value?: unknown; readonly expires?: unknown }) {
  const { value, expires } = stored
  return typeof expires === 'number' ? { stored: value, expiresAtMs: expires } : { stored: value }
}
