import type { RedisRequest } from './exchange.ts'

/** What a call of the port comes down to: entries with a key each, requests for them, and answers. */
export interface RedisBatch {
  /** As they are in Redis, one for each entry. */
  readonly keys: readonly string[]
  /** Whether it writes. */
  readonly changes: boolean
  /**
   * Requests for some entries, whose keys share a slot.
   *
   * @param isPlain each command must stand for itself: no transactions
   */
  requests(indexes: readonly number[], isPlain: boolean): RedisRequest[]
  /** Takes the reply to a request, which is no error. */
  accept(request: RedisRequest, reply: unknown): void
}

/** Scripts and reads are cut at this, so that none holds the server up for much more than a millisecond. */
const entriesPerCommandMax = 256

export function allIndexes(length: number): number[] {
  const indexes = new Array<number>(length)
  for (let index = 0; index < length; index += 1) indexes[index] = index
  return indexes
}

/** Cuts entries into parts of bounded number and, where a size is given, of bounded size. */
export function inParts(
  indexes: readonly number[],
  sizeOf: (index: number) => number = () => 0,
  partSizeMax = 0,
): (readonly number[])[] {
  if (partSizeMax === 0 && indexes.length <= entriesPerCommandMax) return indexes.length === 0 ? [] : [indexes]
  const parts: number[][] = []
  let part: number[] = []
  let size = 0
  for (const index of indexes) {
    if (part.length === entriesPerCommandMax || (part.length > 0 && size >= partSizeMax && partSizeMax > 0)) {
      parts.push(part)
      part = []
      size = 0
    }
    part.push(index)
    size += sizeOf(index)
  }
  if (part.length > 0) parts.push(part)
  return parts
}

export function keysAt(keys: readonly string[], indexes: readonly number[]): string[] {
  const chosen: string[] = []
  for (const index of indexes) chosen.push(keys[index] ?? '')
  return chosen
}

/** The reply as an array of one element for each entry, or null when it is none. */
export function elementsOf(reply: unknown, length: number): readonly unknown[] | null {
  return Array.isArray(reply) && reply.length === length ? reply : null
}

/** Null stands for nothing. Whatever else stands where a text belongs must not be taken for that. */
export function isTextOrNull(reply: unknown): reply is string | null {
  return typeof reply === 'string' || reply === null
}
