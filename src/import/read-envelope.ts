import { decodeStamp } from '../core/record.ts'
import { encodePayload } from '../payload.ts'
import type { ImportEntry } from './import-source.ts'
import type { ImportedContent } from './imported-version.ts'

/** Reads the text of an envelope as the Keyv of the source does; what it gives for no envelope does not matter. */
export type DecodeEnvelope = (text: string) => unknown

/** Why an entry is not imported. */
export interface Unfit {
  readonly reason: string
}

/**
 * What Keyv left in its store is an envelope, `{"value":…,"expires":…}`, serialized, and perhaps compressed and encrypted.
 * It is imported as it stands, because the Keyv that reads it here reads it as it did there; only its time is looked at.
 * Where Keyv would have given no value, there is nothing to import.
 */
export async function readEnvelope(
  { stored, expiresAtMs, unfit }: ImportEntry,
  decode: DecodeEnvelope,
  nowMs: number,
): Promise<ImportedContent | Unfit> {
  if (unfit !== undefined) return { reason: unfit }
  if (stored === undefined || stored === null) return { reason: 'it has no value' }
  if (typeof stored === 'string' && decodeStamp(stored) !== null) {
    return { reason: 'it is a record of a keyv-quorum store, not of a Keyv' }
  }
  const envelope = await opened(stored, decode)
  if (envelope === null) return { reason: 'Keyv cannot read it: it is no envelope of its making' }
  if (envelope.value === undefined) return { reason: 'it has no value' }
  const endsAtMs = earlier(envelope.expires, expiresAtMs)
  if (endsAtMs !== null && endsAtMs <= nowMs) return { reason: 'it has expired' }
  return content(stored, endsAtMs)
}

export function isUnfit(read: ImportedContent | Unfit): read is Unfit {
  return 'reason' in read
}

async function opened(stored: unknown, decode: DecodeEnvelope): Promise<{ value?: unknown; expires?: unknown } | null> {
  try {
    const envelope: unknown = typeof stored === 'string' ? await decode(stored) : stored
    if (typeof envelope !== 'object' || envelope === null) return null
    const { value, expires }: { value?: unknown; expires?: unknown } = envelope
    return { value, expires }
  } catch {
    return null
  }
}

/** A backend drops an entry a little after its envelope says so, which is then the time that counts. */
const backendMarginMs = 1_000

/** In whole ms. Keyv takes a time that is no number for none. */
function earlier(ofEnvelope: unknown, ofBackend: unknown): number | null {
  const [envelopeMs, backendMs] = [timeIn(ofEnvelope), timeIn(ofBackend)]
  if (backendMs === null) return envelopeMs
  if (envelopeMs !== null && backendMs > envelopeMs - backendMarginMs) return envelopeMs
  return backendMs
}

function timeIn(value: unknown): number | null {
  return typeof value === 'number' && !Number.isNaN(value) ? Math.ceil(value) : null
}

function content(stored: unknown, expiresAtMs: number | null): ImportedContent | Unfit {
  try {
    return { payload: encodePayload(stored), expiresAtMs }
  } catch (error) {
    return { reason: error instanceof Error ? error.message : 'it cannot be stored' }
  }
}
