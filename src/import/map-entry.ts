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
  if (namespace || !isWrapped) return { key, stored }
  // Without a namespace both series use the key as it is, and only the form of the value tells which of them wrote it.
  if (isEnvelope(stored.value)) return { key, ...unwrapped(stored) }
  return isAmbiguous(stored.value) ? { key, stored, unfit: ambiguous } : { key, stored }
}

const ambiguous = 'it cannot be told whether keyv 5 or 6 wrote it: import the Keyv itself'

/** What keyv 6 wraps where it encrypts or does not serialize, and what keyv 5 stores where it does not. */
function isAmbiguous(value: unknown): boolean {
  return typeof value === 'string' || (typeof value === 'object' && value !== null && 'value' in value)
}

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
