import type { RecordHead, RecordStamp, VersionedRecord } from '../../src/core/record.ts'
import { compareRecords } from '../../src/core/resolve.ts'
import { ReplicaError } from '../../src/errors.ts'
import type { Entry, PutOutcome, Replica } from '../../src/replica.ts'
import { type Runtime, systemRuntime } from '../../src/runtime.ts'
import { MemoryChanges } from './memory-changes.ts'
import { digestStepsOf, pagesOf } from './memory-walk.ts'

export interface MemoryReplicaOptions {
  /** Names the replica in hints, events and errors. Default: `memory:1`, `memory:2`, … in the order of creation. */
  readonly id?: string
  /** The most keys in its log of changes, from which an incremental sweep learns what was written. Default: 100,000. */
  readonly changesKeysMax?: number
  /** Where the random lineage comes from. Default: the system's. */
  readonly runtime?: Pick<Runtime, 'random'>
}

let replicasMade = 0

/**
 * A replica in the memory of this process: the adapter to read first.
 *
 * Each put is atomic because nothing here waits: a call does all its work in the turn in which it is made, and only
 * the answer is asynchronous. There is nothing that could be slow or down, so `timeoutMs` never comes into play.
 * Nothing is evicted: a replica that drops what it acknowledged would break the quorum. Memory is bounded by purging,
 * which the store does for dead records. Its lineage never changes: its data and itself have one life.
 */
export function memoryReplica(options: MemoryReplicaOptions = {}): Replica {
  replicasMade += 1
  const id = options.id ?? `memory:${replicasMade}`
  const lineage = (options.runtime ?? systemRuntime).random.hex(32)
  const records = new Map<string, VersionedRecord>()
  const changes = new MemoryChanges(lineage, options.changesKeysMax ?? 100_000)
  let closed = false

  function assertOpen(): void {
    if (closed) throw new ReplicaError('CLOSED', 'it was closed', { replica: id })
  }

  function* whileOpen<Step>(steps: Iterable<Step>, signal: AbortSignal | undefined): Generator<Step> {
    assertOpen()
    signal?.throwIfAborted()
    for (const step of steps) {
      yield step
      assertOpen()
      signal?.throwIfAborted()
    }
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
      return entries.map((entry) => {
        const outcome = putIfNewer(records, entry)
        if (outcome.status === 'stored') changes.note(entry.record.key)
        return outcome
      })
    },

    async purgeMany(heads) {
      assertOpen()
      return heads.map((head) => records.get(head.key)?.version === head.version && records.delete(head.key))
    },

    async *scan(range, { pageKeysMax, signal, ...filters }) {
      yield* whileOpen(pagesOf(records, range, filters, pageKeysMax), signal)
    },

    async *digest(range, { retirement, signal }) {
      yield* whileOpen(digestStepsOf(records, range, retirement), signal)
    },

    async *changes(after, { signal }) {
      yield* whileOpen(changes.stepsAfter(after), signal)
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

function stampOf({ version, kind, expiresAtMs, retainUntilMs }: RecordStamp): RecordStamp {
  return { version, kind, expiresAtMs, retainUntilMs }
}

function headOf({ key, version, kind, expiresAtMs, retainUntilMs }: RecordHead): RecordHead {
  return { key, version, kind, expiresAtMs, retainUntilMs }
}
