import { ReplicaError } from '../errors.ts'
import type { Replica, VersionAnswer } from '../replica.ts'
import {
  holds,
  isChangesStep,
  isDigestStep,
  isHeadAnswer,
  isLineage,
  isOutcome,
  isPage,
  isRecordAnswer,
} from './answer-shapes.ts'
import { decorateWalks, type Walks } from './decorate.ts'

const noRecord = 'answered with something that is no record of the key'
const noOutcome = 'answered with something that is no outcome'

/** Turns an answer of the wrong length, for other keys, or of no known shape into a failure: nothing can be told from it. */
export function withChecks(inner: Replica): Replica {
  const failed = (what: string) => new ReplicaError('CORRUPT', what, { replica: inner.id })
  /** One answer for each entry of the request, each of the shape that the port gives it. */
  const sensible = <Asked, Answer>(
    asked: readonly Asked[],
    answers: readonly Answer[],
    isSensible: (asked: Asked, answer: Answer | undefined) => boolean,
    what: string,
  ): readonly Answer[] => {
    if (!holds(() => Array.isArray(answers) && answers.length === asked.length))
      throw failed(`answered a request of ${asked.length} entries with another number`)
    if (!holds(() => asked.every((entry, index) => isSensible(entry, answers[index])))) throw failed(what)
    return answers
  }
  return {
    id: inner.id,
    guarantees: inner.guarantees,
    limits: inner.limits,
    getMany: async (keys, options) => sensible(keys, await inner.getMany(keys, options), isRecordAnswer, noRecord),
    getVersions: async (keys, options) => {
      const answers = sensible(keys, await inner.getVersions(keys, options), isHeadAnswer, noRecord)
      if (!answers.every(hasChecksum)) throw failed('answered with a head without its checksum')
      return answers
    },
    putManyIfNewer: async (entries, options) =>
      sensible(entries, await inner.putManyIfNewer(entries, options), (_, outcome) => isOutcome(outcome), noOutcome),
    purgeMany: async (heads, options) =>
      sensible(heads, await inner.purgeMany(heads, options), (_, purged) => typeof purged === 'boolean', noOutcome),
    lineage: async (options) => {
      const lineage = await inner.lineage(options)
      if (!isLineage(lineage)) throw failed('told a lineage that is no text, or no short one')
      return lineage
    },
    ...decorateWalks(inner, (walk, _stepTimeoutMs, start) =>
      sensibleSteps(start(), isStepOf[walk], () => failed(`gave a step of a ${walk} that is none`)),
    ),
    close: async () => inner.close(),
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
          if (step.done !== true && !holds(() => isStep(step.value))) throw failed()
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

function hasChecksum(answer: VersionAnswer): boolean {
  return answer === null || answer.kind === 'corrupt' || typeof answer.checksum === 'string'
}
