import { bucketBase } from '../../src/core/digest.ts'
import { decodeHead, isCorrupt, type ScanEntry, unreadableHead } from '../../src/core/record.ts'
import type { ScanOptions } from '../../src/replica.ts'
import type { RedisArgument } from './driver.ts'
import { type KeyspaceWalk, type Run, ScriptPages, type WalkParts, type WalkPlace } from './keyspace-walk.ts'
import { chosenScript } from './lua-pages.ts'
import { retirementTexts } from './retirement-texts.ts'

/** So many buckets are written one by one; a page takes the server longer the more there are. */
const listedMax = 256

/** Pages of a scan that asks for some buckets, or for what is retired: chosen at the server, so that nothing else travels. */
export class ChosenScan {
  readonly #parts: WalkParts
  readonly #walk: KeyspaceWalk
  readonly #options: ScanOptions
  readonly #values: readonly RedisArgument[]

  constructor(parts: WalkParts, walk: KeyspaceWalk, options: ScanOptions) {
    this.#parts = parts
    this.#walk = walk
    this.#options = options
    const { buckets, retired } = options
    const times = retired === undefined ? ['', ''] : retirementTexts(retired)
    const [first = 0] = buckets ?? []
    const isListed = buckets !== undefined && buckets.length > 0 && buckets.length <= listedMax
    const wanted = buckets === undefined ? '' : isListed ? listOf(buckets, first) : bitmapOf(buckets, first)
    const which = retired === undefined ? '' : 'retired'
    this.#values = [...times, wanted, String(bucketBase + first), which, isListed ? 'list' : '']
  }

  async *pagesOf(server: WalkPlace, run: Run): AsyncIterable<ScanEntry[]> {
    const { signal, keyPrefix = '' } = this.#options
    const pages = new ScriptPages(this.#parts, this.#walk, keyPrefix)
    for (let place: WalkPlace | null = server; place !== null; ) {
      signal?.throwIfAborted()
      const from: WalkPlace = place
      const page = await run((call) => pages.next(chosenScript, [], from, this.#values, call))
      place = page.place
      yield this.#entriesOf(page.more)
    }
  }

  #entriesOf(keysAndHeads: readonly unknown[]): ScanEntry[] {
    const entries: ScanEntry[] = []
    for (let index = 0; index < keysAndHeads.length; index += 2) {
      const storedKey = keysAndHeads[index]
      const text = keysAndHeads[index + 1]
      if (typeof storedKey !== 'string' || typeof text !== 'string') {
        throw this.#parts.failures.corrupt('the script of a scan answered with something that is no key and its head')
      }
      const key = this.#parts.stored.recordKey(storedKey)
      if (key === null) continue
      const head = decodeHead(key, text)
      entries.push(isCorrupt(head) ? unreadableHead(key) : head)
    }
    return entries
  }
}

/** Two bytes for each bucket, which go along with every page. */
function listOf(buckets: readonly number[], first: number): Buffer {
  const list = Buffer.alloc(2 * buckets.length)
  for (const [index, bucket] of buckets.entries()) list.writeUInt16BE(bucket - first, 2 * index)
  return list
}

/** One bit for each bucket from the first one on, the lowest bit of the first byte first; never empty. */
function bitmapOf(buckets: readonly number[], first: number): Buffer {
  const bitmap = Buffer.alloc((((buckets.at(-1) ?? first) - first) >> 3) + 1)
  for (const bucket of buckets) {
    const byte = (bucket - first) >> 3
    bitmap[byte] = (bitmap[byte] ?? 0) | (1 << ((bucket - first) & 7))
  }
  return bitmap
}
