import { bucketBase } from '../../src/core/digest.ts'
import { decodeHead, isCorrupt, type ScanEntry, unreadableHead } from '../../src/core/record.ts'
import type { ScanOptions } from '../../src/replica.ts'
import type { RedisArgument } from './driver.ts'
import { type KeyspaceWalk, type Run, ScriptPages, type WalkParts, type WalkPlace } from './keyspace-walk.ts'
import { chosenScript } from './lua-pages.ts'
import { retirementTexts } from './retirement-texts.ts'

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
    const bitmap = buckets === undefined ? '' : bitmapOf(buckets, first)
    this.#values = [...times, bitmap, String(bucketBase + first), retired === undefined ? '' : 'retired']
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
      const key = this.#parts.stored.recordKey(String(keysAndHeads[index]))
      if (key === null) continue
      const head = decodeHead(key, String(keysAndHeads[index + 1]))
      entries.push(isCorrupt(head) ? unreadableHead(key) : head)
    }
    return entries
  }
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
