import { type HashRange, inRange, keyHash, wholeRange } from '../../src/core/hash.ts'
import {
  type RecordHead,
  type RecordStamp,
  type ScanEntry,
  scanEntryOf,
  type VersionedRecord,
} from '../../src/core/record.ts'
import { compareRecords } from '../../src/core/resolve.ts'
import { ReplicaError } from '../../src/errors.ts'
import type { Entry, PutOutcome, Replica } from '../../src/replica.ts'
import { type Runtime, systemRuntime } from '../../src/runtime.ts'

export interface MemoryReplicaOptions {
  /** Names the replica in hints, events and errors. Default: `memory:1`, `memory:2`, … in the order of creation. */
  readonly id?: string
  /** Where the random lineage comes from. Default: the system's. */
  readonly runtime?: Pick<Runtime, 'random'>
}

/** So that a scan that finds little still lets others have their turn. */
const visitsPerPageMax = 10_000
let replicasMade = 0

/**
 * A replica in the memory of this process: the adapter to read first.
 *
 * Each put is atomic because nothing here waits: a call does all its work in the turn in which it is made, and only
 * the answer is asynchronous. There is nothing that could be slow or down, so `timeoutMs` never comes into play.
 * Nothing is evicted: a replica that drops what it acknowledged would break the quorum. Memory is bounded by purging,
 * which the store does for dead records.
 */
export function memoryReplica(options: MemoryReplicaOptions = {}): Replica {
  replicasMade += 1
  const id = options.id ?? `memory:${replicasMade}`
  const lineage = (options.runtime ?? systemRuntime).random.hex(32)
  const records = new Map<string, VersionedRecord>()
  let closed = false

  function assertOpen(): void {
    if (closed) throw new ReplicaError('CLOSED', 'it was closed', { replica: id })
  }

  return {
    id,
    guarantees: { putIfNewer: 'atomic', sharedBy: 'process', backend: 'memory' },
    limits: { batchKeysMax: 1000, callsInFlightMax: 64 },

    async getMany(keys) {
      assertOpen()
      return keys.map((key) => records.get(key) ?? null)
    },

    async getVersions(keys) {
      assertOpen()
      return keys.map((key) => {
        const record = records.get(key)
        return record === undefined ? null : headOf(record)
      })
    },

    async putManyIfNewer(entries) {
      assertOpen()
      return entries.map((entry) => putIfNewer(records, entry))
    },

    async purgeMany(heads) {
      assertOpen()
      return heads.map((head) => records.get(head.key)?.version === head.version && records.delete(head.key))
    },

    async *scan(range, { pageKeysMax, keyPrefix = '', signal }) {
      assertOpen()
      for (const page of pagesOf(records, headSelector(range, keyPrefix), pageKeysMax)) {
        signal?.throwIfAborted()
        yield page
        assertOpen()
      }
      signal?.throwIfAborted()
    },

    async lineage() {
      assertOpen()
      return lineage
    },

    async close() {
      closed = true
      records.clear()
    },
  }
}

function putIfNewer(records: Map<string, VersionedRecord>, { record }: Entry): PutOutcome {
  const held = records.get(record.key)
  if (held === undefined) {
    records.set(record.key, record)
    return { status: 'stored', retainUntilMs: record.retainUntilMs, replaced: null }
  }
  const order = compareRecords(record, held)
  if (order < 0) return { status: 'superseded', by: stampOf(held) }

  const retainUntilMs = Math.max(record.retainUntilMs, held.retainUntilMs)
  const kept = order === 0 ? held : record
  records.set(record.key, kept.retainUntilMs === retainUntilMs ? kept : { ...kept, retainUntilMs })
  return order === 0 ? { status: 'held', retainUntilMs } : { status: 'stored', retainUntilMs, replaced: stampOf(held) }
}

/**
 * A Map's iterator walks in order of insertion and sees what is added meanwhile. Whatever was held at the start comes
 * before anything added, so the walk need not run after the writers: it ends after as many entries as there were.
 */
function* pagesOf(
  records: ReadonlyMap<string, VersionedRecord>,
  isWanted: (key: string) => boolean,
  pageKeysMax: number,
): Generator<ScanEntry[]> {
  const visitsMax = records.size
  let visits = 0
  let page: ScanEntry[] = []
  for (const [key, record] of records) {
    if (visits === visitsMax) break
    visits += 1
    if (isWanted(key)) page.push(scanEntryOf(record))
    if (page.length < pageKeysMax && visits % visitsPerPageMax !== 0) continue
    yield page
    page = []
  }
  if (page.length > 0) yield page
}

function headSelector(range: HashRange, keyPrefix: string): (key: string) => boolean {
  if (range.from <= wholeRange.from && range.to >= wholeRange.to) return (key) => key.startsWith(keyPrefix)
  return (key) => key.startsWith(keyPrefix) && inRange(keyHash(key), range)
}

function stampOf({ version, kind, expiresAtMs, retainUntilMs }: RecordStamp): RecordStamp {
  return { version, kind, expiresAtMs, retainUntilMs }
}

function headOf({ key, version, kind, expiresAtMs, retainUntilMs }: RecordHead): RecordHead {
  return { key, version, kind, expiresAtMs, retainUntilMs }
}
