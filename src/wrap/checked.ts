import { bucketsCount } from '../core/digest.ts'
import type { ScanEntry } from '../core/record.ts'
import { versionLength } from '../core/version.ts'
import { ReplicaError } from '../errors.ts'
import type { ChangesStep, DigestStep, PutOutcome, ReadAnswer, Replica, VersionAnswer } from '../replica.ts'
import { decorateWalks, type Walks } from './decorate.ts'

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
    lineage: async (options) => {
      const lineage = await inner.lineage(options)
      if (!isText(lineage) || lineage === '') throw failed('told a lineage that is no text')
      return lineage
    },
    ...decorateWalks(inner, (walk, _stepTimeoutMs, start) =>
      sensibleSteps(start(), isStepOf[walk], () => failed(`gave a step of a ${walk} that is none`)),
    ),
    close: () => inner.close(),
  }
}

/** Passes `return` straight on, as a generator would not while a step is on its way. */
function sensibleSteps<Step>(
  steps: AsyncIterable<Step>,
  isStep: (step: unknown) => boolean,
  failed: () => ReplicaError,
): AsyncIterable<Step> {
  return {
    [Symbol.asyncIterator]: () => {
      const iterator = steps[Symbol.asyncIterator]()
      return {
        next: async () => {
          const step = await iterator.next()
          if (step.done !== true && !isStep(step.value)) throw failed()
          return step
        },
        return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
      }
    },
  }
}

const isStepOf: Readonly<Record<keyof Walks, (step: unknown) => boolean>> = {
  scan: isPage,
  digest: isDigestStep,
  changes: isChangesStep,
}

function isPage(page: unknown): boolean {
  return Array.isArray(page) && page.every(isScanEntry)
}

function isScanEntry(entry: Partial<ScanEntry> | null | undefined): boolean {
  return isText(entry?.key) && entry?.version?.length === versionLength && isText(entry.checksum)
}

function isDigestStep(step: unknown): boolean {
  const { records, sums } = (step ?? {}) as Partial<DigestStep>
  if (!Number.isSafeInteger(records) || Number(records) < 0) return false
  return sums === null || (sums instanceof Uint32Array && sums.length === bucketsCount)
}

/** ASCII that can be shown; no more of it than the port allows. */
const positionPattern = /^[ -~]{1,200}$/

function isChangesStep(step: unknown): boolean {
  const { keys, position } = (step ?? {}) as Partial<ChangesStep>
  return Array.isArray(keys) && keys.every(isText) && isText(position) && positionPattern.test(position)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
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
