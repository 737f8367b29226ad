import { ReplicaError } from '../../src/errors.ts'
import type { Replica } from '../../src/replica.ts'
import { type Runtime, systemRuntime } from '../../src/runtime.ts'
import { MemoryChanges } from './memory-changes.ts'
import { MemoryRecords } from './memory-records.ts'
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
 * A call does all its work in the turn in which it is made, and only the answer is asynchronous. There is nothing that could be slow or down, so `timeoutMs` never comes into play.
 * Nothing is evicted: a replica that drops what it acknowledged would break the quorum. Memory is bounded by purging,
 * which the store does for dead records. Its lineage never changes: its data and itself have one life.
 */
export function memoryReplica(options: MemoryReplicaOptions = {}): Replica {
  replicasMade += 1
  const id = options.id ?? `memory:${replicasMade}`
  const lineage = (options.runtime ?? systemRuntime).random.hex(32)
  const records = new MemoryRecords(new MemoryChanges(lineage, options.changesKeysMax ?? 100_000))
  let closed = false

  /** What it holds, as long as it is open. */
  function held(): MemoryRecords {
    if (closed) throw new ReplicaError('CLOSED', 'it was closed', { replica: id })
    return records
  }

  return {
    id,
    guarantees: { putIfNewer: 'atomic', sharedBy: 'process', backend: 'memory' },
    limits: { batchKeysMax: 1000, callsInFlightMax: 64 },
    async getMany(keys) {
      const open = held()
      return keys.map((key) => open.get(key))
    },
    async getVersions(keys) {
      const open = held()
      return keys.map((key) => open.getHead(key))
    },
    async putManyIfNewer(entries) {
      const open = held()
      return entries.map((entry) => open.putIfNewer(entry))
    },
    async purgeMany(heads) {
      const open = held()
      return heads.map((head) => open.purge(head))
    },
    async *scan(range, { pageKeysMax, signal, ...filters }) {
      yield* whileOpen(held, pagesOf(records.byKey, range, filters, pageKeysMax), signal)
    },
    async *digest(range, { retirement, signal }) {
      yield* whileOpen(held, digestStepsOf(records.byKey, range, retirement), signal)
    },
    async *changes(after, { signal }) {
      yield* whileOpen(held, records.changes.stepsAfter(after), signal)
    },
    async lineage() {
      held()
      return lineage
    },
    async close() {
      closed = true
      records.byKey.clear()
    },
  }
}

/** A walk that rejects, in place of its next step, when the replica was closed or the caller gave up. */
function* whileOpen<Step>(
  assertOpen: () => void,
  steps: Iterable<Step>,
  signal: AbortSignal | undefined,
): Generator<Step> {
  assertOpen()
  signal?.throwIfAborted()
  for (const step of steps) {
    yield step
    assertOpen()
    signal?.throwIfAborted()
  }
}
