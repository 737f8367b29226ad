import type { ScanEntry } from '../core/record.ts'
import { versionLength } from '../core/version.ts'
import { ReplicaError } from '../errors.ts'
import type { PutOutcome, ReadAnswer, Replica, VersionAnswer } from '../replica.ts'

/** Turns an answer of the wrong length, for other keys, or of no known shape into a failure: nothing can be told from it. */
export function withChecks(inner: Replica): Replica {
  const failed = (what: string) => new ReplicaError('CORRUPT', what, { replica: inner.id })
  const sameLength = <Answer>(wanted: number, answers: readonly Answer[]): readonly Answer[] => {
    if (!Array.isArray(answers) || answers.length !== wanted)
      throw failed(`answered a request of ${wanted} entries with another number`)
    return answers
  }
  const sameKeys = <Answer extends ReadAnswer | VersionAnswer>(
    keys: readonly string[],
    answers: readonly Answer[],
  ): readonly Answer[] => {
    sameLength(keys.length, answers)
    for (let index = 0; index < keys.length; index += 1) {
      if (!isAnswerFor(keys[index], answers[index]))
        throw failed('answered with something that is no record of the key')
    }
    return answers
  }
  const sensible = (outcomes: readonly PutOutcome[]): readonly PutOutcome[] => {
    if (!outcomes.every(isSensible)) throw failed('answered a put with no known outcome')
    return outcomes
  }
  return {
    id: inner.id,
    guarantees: inner.guarantees,
    limits: inner.limits,
    getMany: async (keys, options) => sameKeys(keys, await inner.getMany(keys, options)),
    getVersions: async (keys, options) => sameKeys(keys, await inner.getVersions(keys, options)),
    putManyIfNewer: async (entries, options) =>
      sensible(sameLength(entries.length, await inner.putManyIfNewer(entries, options))),
    purgeMany: async (heads, options) => sameLength(heads.length, await inner.purgeMany(heads, options)),
    lineage: (options) => inner.lineage(options),
    scan: (range, options) => sensiblePages(inner.scan(range, options), failed),
    close: () => inner.close(),
  }
}

/** Passes `return` straight on, as a generator would not while a page is on its way. */
function sensiblePages(
  pages: AsyncIterable<readonly ScanEntry[]>,
  failed: (what: string) => ReplicaError,
): AsyncIterable<readonly ScanEntry[]> {
  return {
    [Symbol.asyncIterator]: () => {
      const iterator = pages[Symbol.asyncIterator]()
      return {
        next: async () => {
          const page = await iterator.next()
          if (page.done !== true && !isPage(page.value)) throw failed('gave a page of a scan that is no list of heads')
          return page
        },
        return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
      }
    },
  }
}

function isPage(page: unknown): boolean {
  return (
    Array.isArray(page) && page.every((head) => typeof head?.key === 'string' && head.version?.length === versionLength)
  )
}

function isAnswerFor(key: string | undefined, answer: ReadAnswer | VersionAnswer | undefined): boolean {
  if (answer === null) return true
  if (answer === undefined || answer.key !== key) return false
  return answer.kind === 'corrupt' || answer.version?.length === versionLength
}

function isSensible(outcome: PutOutcome): boolean {
  if (outcome?.status === 'superseded') return outcome.by?.version?.length === versionLength
  return (outcome?.status === 'stored' || outcome?.status === 'held') && outcome.retainUntilMs >= 0
}
