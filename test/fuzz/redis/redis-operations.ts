import { addDigest, bucketOf, emptyDigest } from '../../../src/core/digest.ts'
import { keyHash, wholeRange } from '../../../src/core/hash.ts'
import { encodeRecord, newTombstone, newValue, storedHeadOf, type VersionedRecord } from '../../../src/core/record.ts'
import type { Replica } from '../../../src/replica.ts'
import { versionAt } from '../../conformance/samples.ts'
import { FakeRedis } from './fake-redis.ts'

const atMs = Date.UTC(2025, 0)
const times = { timeoutMs: 1_000, pageTimeoutMs: 1_000, stepTimeoutMs: 1_000 } as const

/** Ten values, one of them expired, and a tombstone; and a text that is no record. */
export const held: readonly VersionedRecord[] = [
  ...Array.from({ length: 9 }, (_, index) => newValue(`:key ${index}`, versionAt(100 + index), `s"${index}"`, null)),
  newValue(':expired', versionAt(120), 's"old"', atMs),
  newTombstone(':deleted', versionAt(atMs), atMs),
]
const unreadable = ':unreadable'
const keysHeld = [...held.map(({ key }) => key), unreadable]

/** What all operations find. */
export function filledServer(): FakeRedis {
  const server = new FakeRedis()
  for (const record of held) {
    server.texts.set(`kq:${record.key}`, encodeRecord(record))
    server.log.add(`c${server.texts.size}`, `kkq:${record.key}`)
  }
  server.texts.set(`kq:${unreadable}`, 'something else')
  return server
}

/** One call of the port, its answer in a form that can be compared. */
export interface RedisOperation {
  readonly name: string
  run(replica: Replica): Promise<unknown>
}

const purge = { retainedUntilMs: atMs, diedUntilMs: -1 }
const nothingRetired = { retainedUntilMs: -1, diedUntilMs: -1 }
const large = `s${'large '.repeat(300)}`
const [first, second, third] = held as [VersionedRecord, VersionedRecord, VersionedRecord]
const buckets = [bucketOf(keyHash(first.key)), bucketOf(keyHash(second.key))].sort((a, b) => a - b)

export const redisOperations: readonly RedisOperation[] = [
  { name: 'getMany', run: (replica) => replica.getMany([...keysHeld, ':absent'], times) },
  { name: 'getVersions', run: (replica) => replica.getVersions([...keysHeld, ':absent'], times) },
  { name: 'put', run: (replica) => replica.putManyIfNewer(entriesOf('s"new"'), times) },
  { name: 'put large', run: (replica) => replica.putManyIfNewer(entriesOf(large), times) },
  {
    name: 'purge',
    run: (replica) => replica.purgeMany([first, { ...second, version: versionAt(1) }, third].map(storedHeadOf), times),
  },
  { name: 'scan', run: (replica) => scanned(replica, {}) },
  { name: 'scan of a prefix', run: (replica) => scanned(replica, { keyPrefix: ':key' }) },
  { name: 'scan of some buckets', run: (replica) => scanned(replica, { buckets }) },
  { name: 'scan of what is retired', run: (replica) => scanned(replica, { retired: purge }) },
  { name: 'digest', run: (replica) => digested(replica, wholeRange, nothingRetired) },
  { name: 'digest without what is retired', run: (replica) => digested(replica, { from: 0, to: 2 ** 31 }, purge) },
  { name: 'position', run: (replica) => changed(replica, null) },
  { name: 'changes', run: (replica) => changed(replica, '1750000000000-1:c2') },
  { name: 'lineage', run: (replica) => replica.lineage(times) },
]

/** One that is new, one that is newer, one that is held already, one that is older, and what mends a text. */
function entriesOf(payload: string) {
  const records = [
    newValue(':new', versionAt(200), payload, null),
    newValue(first.key, versionAt(200), payload, null),
    second,
    newValue(third.key, versionAt(1), payload, null),
    newValue(unreadable, versionAt(200), payload, null),
  ]
  return records.map((record) => ({ record }))
}

async function scanned(replica: Replica, filters: Partial<Parameters<Replica['scan']>[1]>): Promise<unknown> {
  const found = new Map<string, unknown>()
  for await (const page of replica.scan(wholeRange, { ...times, pageKeysMax: 3, ...filters })) {
    for (const entry of page) {
      const isWanted = filters.buckets?.includes(bucketOf(keyHash(entry.key))) ?? true
      if (isWanted) found.set(entry.key, entry)
    }
  }
  return [...found].sort(([one], [other]) => (one < other ? -1 : 1))
}

async function digested(replica: Replica, range: typeof wholeRange, retirement: typeof purge): Promise<unknown> {
  const sums = emptyDigest()
  let retired = 0
  for await (const step of replica.digest?.(range, { ...times, retirement }) ?? []) {
    if (step.sums !== null) addDigest(sums, step.sums)
    retired += step.retired ?? Number.NaN
  }
  return { retired, sums: [...sums.entries()].filter(([, sum]) => sum !== 0) }
}

async function changed(replica: Replica, after: string | null): Promise<unknown> {
  const keys = new Set<string>()
  let [position, isGap] = ['', false]
  for await (const step of replica.changes?.(after, times) ?? []) {
    for (const key of step.keys) keys.add(key)
    position = step.position
    isGap ||= step.isGap === true
  }
  return isGap ? 'a gap' : { keys: [...keys].sort(), position }
}
