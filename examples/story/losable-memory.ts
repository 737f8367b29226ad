import { memoryReplica } from '../../adapters/memory/memory-replica.ts'
import type { Replica } from '../../src/replica.ts'

export interface LosableMemory {
  readonly replica: Replica
  /** Everything is gone, as when a process ends, and the lineage with it. To be called while the replica is off. */
  loseEverything(): void
}

/** A replica in memory that can lose what it holds without another one taking its place. */
export function losableMemory(id: string): LosableMemory {
  let memory = memoryReplica({ id })
  const replica: Replica = {
    id,
    guarantees: memory.guarantees,
    limits: memory.limits,
    getMany: (keys, options) => memory.getMany(keys, options),
    getVersions: (keys, options) => memory.getVersions(keys, options),
    putManyIfNewer: (entries, options) => memory.putManyIfNewer(entries, options),
    purgeMany: (heads, options) => memory.purgeMany(heads, options),
    scan: (range, options) => memory.scan(range, options),
    lineage: (options) => memory.lineage(options),
    close: () => memory.close(),
  }
  return {
    replica,
    loseEverything() {
      memory = memoryReplica({ id })
    },
  }
}
