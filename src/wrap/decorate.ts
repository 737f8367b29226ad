import type { ReplicaCall } from '../events.ts'
import type { CallOptions, Replica, ScanOptions } from '../replica.ts'

/** Runs one call of a replica: may refuse it, time it, count it. `size` is the number of entries in the request. */
export type Around = <Answer>(
  call: ReplicaCall,
  size: number,
  options: CallOptions,
  run: (options: CallOptions) => Promise<Answer>,
) => Promise<Answer>

/** A replica whose every request goes through `around`. Scans and `close` pass by. */
export function decorate(inner: Replica, around: Around): Replica {
  return {
    id: inner.id,
    guarantees: inner.guarantees,
    limits: inner.limits,
    getMany: (keys, options) => around('getMany', keys.length, options, (given) => inner.getMany(keys, given)),
    getVersions: (keys, options) =>
      around('getVersions', keys.length, options, (given) => inner.getVersions(keys, given)),
    putManyIfNewer: (entries, options) =>
      around('putManyIfNewer', entries.length, options, (given) => inner.putManyIfNewer(entries, given)),
    purgeMany: (heads, options) => around('purgeMany', heads.length, options, (given) => inner.purgeMany(heads, given)),
    lineage: (options) => around('lineage', 1, options, (given) => inner.lineage(given)),
    scan: (range, options: ScanOptions) => inner.scan(range, options),
    close: () => inner.close(),
  }
}
