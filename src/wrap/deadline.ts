import { asReplicaError, ReplicaError } from '../errors.ts'
import type { Replica } from '../replica.ts'
import type { Timers } from '../runtime.ts'
import { decorate, decorateWalks } from './decorate.ts'

/**
 * Ends every call at its `timeoutMs`, whatever the replica does, and makes a `ReplicaError` of whatever it rejects with.
 * One timer a call, and a call is a batch; scans, digests and changes have the time of a step for each of their steps.
 */
export function withDeadline(inner: Replica, timers: Timers): Replica {
  const bounded = <Answer>(timeoutMs: number, start: () => Promise<Answer> | Answer): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const cancel = timers.after(Math.max(0, timeoutMs), () =>
        reject(new ReplicaError('TIMEOUT', `no answer within ${Math.round(timeoutMs)} ms`, { replica: inner.id })),
      )
      startSafely(start).then(
        (answer) => {
          cancel()
          resolve(answer)
        },
        (error: unknown) => {
          cancel()
          reject(asReplicaError(inner.id, error))
        },
      )
    })
  return {
    ...decorate(inner, (_call, _size, options, run) => bounded(options.timeoutMs, () => run(options))),
    ...decorateWalks(inner, (_walk, stepTimeoutMs, start) => boundedSteps(start, stepTimeoutMs, bounded)),
  }
}

/** An adapter that throws where it should reject is held to the same contract. */
async function startSafely<Answer>(start: () => Promise<Answer> | Answer): Promise<Answer> {
  return start()
}

async function* boundedSteps<Step>(
  start: () => AsyncIterable<Step>,
  stepTimeoutMs: number,
  bounded: <Answer>(timeoutMs: number, start: () => Promise<Answer> | Answer) => Promise<Answer>,
): AsyncIterable<Step> {
  const iterator = await bounded(stepTimeoutMs, () => start()[Symbol.asyncIterator]())
  let isOver = false
  try {
    while (true) {
      const step = await bounded(stepTimeoutMs, () => iterator.next())
      if (step.done === true) break
      yield step.value
    }
    isOver = true
  } finally {
    // A hung step would hang `return` as well, so nobody waits for it.
    if (!isOver) startSafely(() => iterator.return?.()).catch(() => undefined)
  }
}
