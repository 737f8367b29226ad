import { chosenScript, digestScript, sumsScript } from '../../../adapters/redis/lua-pages.ts'
import {
  headsScript,
  type LuaScript,
  logEntry,
  purgeScript,
  putScript,
  renameScript,
  startLogScript,
} from '../../../adapters/redis/lua-scripts.ts'
import { addToDigest, bucketBase, emptyDigest } from '../../../src/core/digest.ts'
import { inRange, keyHash } from '../../../src/core/hash.ts'
import { decodeHead, isCorrupt, layout, type StoredHead } from '../../../src/core/record.ts'
import { isRetired, type Retirement } from '../../../src/core/retirement.ts'
import type { FakeLog } from './fake-log.ts'
import type { Reply } from './reply.ts'

export interface KeysPage {
  readonly cursor: string
  readonly keys: readonly string[]
}

/** What scripts see of the server that runs them. */
export interface ScriptedServer {
  readonly texts: Map<string, string>
  readonly log: FakeLog
  /** One page of `SCAN`. */
  page(cursor: string, pattern: string): KeysPage
  /** What a script keeps at the server between its pages. */
  kept<Kept>(key: string, make: () => Kept): Kept
}

/** One of the adapter's scripts, done by hand. */
export interface FakeScript extends LuaScript {
  run(server: ScriptedServer, keys: readonly string[], values: readonly string[]): Reply
}

/** Where keys of records start: the default of the adapter. */
const prefixLength = 'kq:'.length
const { headLength, stampLength, orderOffset, orderLength, expiryOffset } = layout
const orderEnd = orderOffset + orderLength
/** Where the texts of a put start among its values. */
const textsAt = { put: 6, rename: 5 } as const

export const fakeScripts: readonly FakeScript[] = [
  { ...putScript, run: putWhole },
  { ...renameScript, run: putRenamed },
  { ...startLogScript, run: startLog },
  { ...headsScript, run: (server, keys) => keys.map((key) => server.texts.get(key)?.slice(0, headLength) ?? null) },
  { ...purgeScript, run: (server, keys, versions) => keys.map((key, index) => purged(server, key, versions[index])) },
  { ...digestScript, run: addPage },
  { ...sumsScript, run: tellSums },
  { ...chosenScript, run: choose },
]

function putWhole(server: ScriptedServer, keys: readonly string[], values: readonly string[]): Reply {
  const texts = values.slice(textsAt.put)
  const stored: string[] = []
  const answers = texts.map((text, index) => put(server, keys[index] ?? '', text, stored))
  addToLog(server, values, stored)
  return answers
}

function putRenamed(server: ScriptedServer, keys: readonly string[], values: readonly string[]): Reply {
  const stored: string[] = []
  const answers = values.slice(textsAt.rename).map((_head, index) => {
    const [key = '', newKey = ''] = keys.slice(2 * index)
    const text = server.texts.get(newKey) ?? ''
    server.texts.delete(newKey)
    return put(server, key, text, stored)
  })
  addToLog(server, values, stored)
  return answers
}

/** All that is put here is kept for the same time, so that the longest retention is that of any. */
function put(server: ScriptedServer, key: string, text: string, stored: string[]): Reply {
  const held = server.texts.get(key)
  const head = held === undefined ? null : decodeHead('', held)
  const heldOrder = held?.slice(0, orderEnd) ?? ''
  const isNewer = head === null || isCorrupt(head) || text.slice(0, orderEnd) > heldOrder
  if (isNewer) {
    server.texts.set(key, text)
    stored.push(key)
  }
  if (held === undefined) return null
  if (head === null || isCorrupt(head)) return ''
  return held.slice(0, stampLength) + (held === text && !isNewer ? '=' : '')
}

function addToLog({ log }: ScriptedServer, values: readonly string[], stored: readonly string[]): void {
  const [, , , entriesMax = '', callText = ''] = values
  if (Number(entriesMax) > 0 && stored.length > 0) log.add(callText, logEntry.keys + stored.join('\0'))
}

function startLog({ log }: ScriptedServer, _keys: readonly string[], [callText = '']: readonly string[]): Reply {
  if (log.isEmpty) log.add(callText, logEntry.start)
  return log.last()
}

function purged({ texts }: ScriptedServer, key: string, version: string | undefined): Reply {
  if (texts.get(key)?.slice(0, expiryOffset - 1) !== version) return 0
  return Number(texts.delete(key))
}

interface Sums {
  pages: number
  readonly digest: ReturnType<typeof emptyDigest>
}

function sumsAt(server: ScriptedServer, key: string): Sums {
  return server.kept(key, () => ({ pages: 0, digest: emptyDigest() }))
}

function addPage(server: ScriptedServer, [sumsKey = '']: readonly string[], values: readonly string[]): Reply {
  const [cursor = '', pattern = '', , , retained = '', died = '', , from, to] = values
  const page = server.page(cursor, pattern)
  const sums = sumsAt(server, sumsKey)
  const range = { from: hashOf(from, 0), to: hashOf(to, 2 ** 32) }
  const heads = readableHeads(server, page.keys).filter(({ key }) => inRange(keyHash(key), range))
  const kept = heads.filter((head) => !isRetired(head, retirementOf(retained, died)))
  for (const { key, checksum } of kept) addToDigest(sums.digest, keyHash(key), checksum)
  sums.pages += 1
  return [page.cursor, page.keys.length, meanLength, sums.pages, heads.length - kept.length]
}

/** Of the texts; it only decides how the next page is read. */
const meanLength = 100

function tellSums(server: ScriptedServer, [sumsKey = '']: readonly string[], values: readonly string[]): Reply {
  const [first = 0, count = 0, pages = 0] = values.map(Number)
  const sums = sumsAt(server, sumsKey)
  if (sums.pages !== pages) return null
  const start = first - bucketBase
  return Array.from(sums.digest.subarray(start, start + count), (sum) => (sum === 0 ? '' : String(sum))).join(',')
}

/** Leaves it to the caller to look for the buckets. */
function choose(server: ScriptedServer, _keys: readonly string[], values: readonly string[]): Reply {
  const [cursor = '', pattern = '', , , retained = '', died = '', , , which = ''] = values
  const page = server.page(cursor, pattern)
  const retirement = retirementOf(retained, died)
  const chosen = page.keys.filter((key) => {
    if (which !== 'retired') return true
    return readableHeads(server, [key]).some((head) => isRetired(head, retirement))
  })
  const pairs = chosen.flatMap((key) => [key, (server.texts.get(key) ?? '').slice(0, headLength)])
  return [page.cursor, page.keys.length, meanLength, ...pairs]
}

function readableHeads({ texts }: ScriptedServer, keys: readonly string[]): readonly StoredHead[] {
  return keys.flatMap((key) => {
    const head = decodeHead(key.slice(prefixLength), (texts.get(key) ?? '').slice(0, headLength))
    return isCorrupt(head) ? [] : [head]
  })
}

/** The digits of a hash start at a thousand million. */
function hashOf(digits: string | undefined, otherwise: number): number {
  return digits === undefined ? otherwise : Number(digits) - 1_000_000_000
}

function retirementOf(retained: string, died: string): Retirement {
  return { retainedUntilMs: timeOf(retained), diedUntilMs: timeOf(died) }
}

function timeOf(digits: string): number {
  return digits === '' ? -1 : Number.parseInt(digits, 16)
}
