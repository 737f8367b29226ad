import { ReplicaError } from '../errors.ts'
import type { Replica } from '../replica.ts'

/** Turns an answer of the wrong length, or for other keys, into a failure: it cannot be told which entry is which. */
export function withChecks(inner: Replica): Replica {
  const failed = (what: string) => new ReplicaError('CORRUPT', what, { replica: inner.id })
  const sameLength = <Answer>(wanted: number, answers: readonly Answer[]): readonly Answer[] => {
    if (!Array.isArray(answers) || answers.length !== wanted)
      throw failed(`answered a request of ${wanted} entries with another number`)
    return answers
  }
  const sameKeys = <Answer extends { readonly key: string } | null>(
    keys: readonly string[],
    answers: readonly Answer[],
  ): readonly Answer[] => {
    sameLength(keys.length, answers)
    for (let index = 0; index < keys.length; index += 1) {
      const answer = answers[index]
      if (answer !== null && answer?.key !== keys[index]) throw failed('answered with a record of another key')
    }
    return answers
  }
  return {
    id: inner.id,
    guarantees: inner.guarantees,
    limits: inner.limits,
    getMany: async (keys, options) => sameKeys(keys, await inner.getMany(keys, options)),
    getVersions: async (keys, options) => sameKeys(keys, await inner.getVersions(keys, options)),
    putManyIfNewer: async (entries, options) =>
      sameLength(entries.length, await inner.putManyIfNewer(entries, options)),
    purgeMany: async (heads, options) => sameLength(heads.length, await inner.purgeMany(heads, options)),
    lineage: (options) => inner.lineage(options),
    scan: (range, options) => inner.scan(range, options),
    close: () => inner.close(),
  }
}
