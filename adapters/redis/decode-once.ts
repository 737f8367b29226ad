import {
  type CorruptRecord,
  decodeRecord,
  decodeStamp,
  isCorrupt,
  type RecordStamp,
  type VersionedRecord,
} from '../../src/core/record.ts'

interface Remembered {
  readonly text: string
  readonly record: VersionedRecord
}

const slotsCount = 1_024
/** Longer texts are not remembered, so that at most 16 million characters are. */
const textLengthMax = 16_384

const slots: (Remembered | undefined)[] = new Array(slotsCount).fill(undefined)

/**
 * {@link decodeRecord}, once for all replicas: those of one store mostly hold the very same text for a key, and answer
 * within moments of each other. To compare two texts costs a fiftieth of parsing and checking one.
 */
export function decodeOnce(key: string, text: string): VersionedRecord | CorruptRecord {
  if (text.length > textLengthMax) return decodeRecord(key, text)
  const slot = slotOf(key, text)
  const remembered = slots[slot]
  if (remembered !== undefined && remembered.text === text && remembered.record.key === key) return remembered.record
  const decoded = decodeRecord(key, text)
  if (!isCorrupt(decoded)) slots[slot] = { text, record: decoded }
  return decoded
}

/** Of the last characters of the key and of the version's time and counter: what differs within a batch. */
function slotOf(key: string, text: string): number {
  const { length } = key
  let hash = key.charCodeAt(length - 1) + 31 * key.charCodeAt(length - 2) + 961 * key.charCodeAt(length - 3)
  hash +=
    29_791 * key.charCodeAt(length - 4) + text.charCodeAt(12) + 17 * text.charCodeAt(16) + 257 * text.charCodeAt(15)
  return (hash >>> 0) % slotsCount
}

const stampSlots: ({ readonly text: string; readonly stamp: RecordStamp } | undefined)[] = new Array(slotsCount).fill(
  undefined,
)

/** `decodeStamp`, once for all replicas. */
export function decodeStampOnce(text: string): RecordStamp | null {
  // The last characters of the time and the counter; of a text that is shorter, any slot will do.
  const slot = (text.charCodeAt(16) + 31 * text.charCodeAt(12) + 961 * text.charCodeAt(15)) % slotsCount || 0
  const remembered = stampSlots[slot]
  if (remembered !== undefined && remembered.text === text) return remembered.stamp
  const stamp = decodeStamp(text)
  if (stamp !== null) stampSlots[slot] = { text, stamp }
  return stamp
}
