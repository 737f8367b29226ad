import type { ReplicaCall } from '../events.ts'
import type { CallOptions, ChangesStep, DigestStep, Replica } from '../replica.ts'

/** Runs one call of a replica: may refuse it, time it, count it. `size` is the number of entries in the request. */
export type Around = <Answer>(
  call: ReplicaCall,
  size: number,
  options: CallOptions,
  run: (options: CallOptions) => Promise<Answer>,
) => Promise<Answer>

/** A replica whose every request goes through `around`. Walks and `close` pass by. */
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
    ...walksOf(inner),
    close: () => inner.close(),
  }
}

/** What answers in steps, over much of what a replica holds. It has `digest` and `changes` only where the replica has. */
export type Walks = Pick<Replica, 'scan' | 'digest' | 'changes'>

/** Runs one walk of a replica. `stepTimeoutMs` is the time that its caller gives to each step. */
export type AroundWalk = <Step>(
  walk: keyof Walks,
  stepTimeoutMs: number,
  start: () => AsyncIterable<Step>,
) => AsyncIterable<Step>

/** The walks of a replica as they are, on a replica that is made anew. */
export function walksOf(inner: Replica): Walks {
  return decorateWalks(inner, (_walk, _stepTimeoutMs, start) => start())
}

/** The walks of a replica, each of them through `around`. */
export function decorateWalks(inner: Replica, around: AroundWalk): Walks {
  const { digest, changes } = inner
  return {
    scan: (range, options) => around('scan', options.pageTimeoutMs, () => inner.scan(range, options)),
    ...(digest && {
      digest: (range, options): AsyncIterable<DigestStep> =>
        around('digest', options.stepTimeoutMs, () => digest.call(inner, range, options)),
    }),
    ...(changes && {
      changes: (after, options): AsyncIterable<ChangesStep> =>
        around('changes', options.stepTimeoutMs, () => changes.call(inner, after, options)),
    }),
  }
}
