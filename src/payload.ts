import { deserialize, serialize } from 'node:v8'
import { thrownText, ValueError } from './errors.ts'

/**
 * Values on their way into a record's payload and back. Replicas hold well-formed text without NUL: such a string
 * travels as it is behind the mark `s`, anything else as Base64 of its structured clone behind `c`.
 */
const textMark = 's'
const cloneMark = 'c'

/** @throws ValueError for what has no structured clone: functions, symbols, promises and the like */
export function encodePayload(value: unknown): string {
  if (typeof value === 'string' && value.isWellFormed() && !value.includes('\0')) return textMark + value
  try {
    return cloneMark + serialize(value).toString('base64')
  } catch (cause) {
    throw new ValueError(`a ${typeof value} like this cannot be stored: ${thrownText(cause)}`, { cause })
  }
}

/** @throws ValueError when the payload was made by a later version of this package, or of Node */
export function decodePayload(payload: string): unknown {
  if (payload.startsWith(textMark)) return payload.slice(1)
  if (payload.startsWith(cloneMark)) return clonedIn(payload.slice(1))
  throw new ValueError(`the payload is marked ${JSON.stringify(payload.slice(0, 1))}, which this version cannot read`)
}

function clonedIn(base64: string): unknown {
  try {
    return deserialize(Buffer.from(base64, 'base64'))
  } catch (cause) {
    throw new ValueError('the payload holds a clone of a kind that this version cannot read', { cause })
  }
}
