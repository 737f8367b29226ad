import { ReplicaError } from '../errors.ts'
import type { Replica, ScanOptions } from '../replica.ts'
import type { Timers } from '../runtime.ts'
import { decorate } from './decorate.ts'

/**
 * Ends every call at its `timeoutMs`, whatever the replica does, and makes a `ReplicaError` of whatever it rejects with.
 * One timer a call, and a call is a batch.
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
    scan: (range, options) => boundedPages(() => inner.scan(range, options), options, bounded),
  }
}

/** An adapter that throws where it should reject is held to the same contract. */
async function startSafely<Answer>(start: () => Promise<Answer> | Answer): Promise<Answer> {
  return start()
}

async function* boundedPages<Page>(
  scan: () => AsyncIterable<Page>,
  options: ScanOptions,
  bounded: <Answer>(timeoutMs: number, start: () => Promise<Answer> | Answer) => Promise<Answer>,
): AsyncIterable<Page> {
  const iterator = await bounded(options.pageTimeoutMs, () => scan()[Symbol.asyncIterator]())
  let isOver = false
  try {
    while (true) {
      const page = await bounded(options.pageTimeoutMs, () => iterator.next())
      if (page.done === true) break
      yield page.value
    }
    isOver = true
  } finally {
    // A hung page would hang `return` as well, so nobody waits for it.
    if (!isOver) startSafely(() => iterator.return?.()).catch(() => undefined)
  }
}

export function asReplicaError(replica: string, error: unknown): ReplicaError {
  if (error instanceof ReplicaError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new ReplicaError('REJECTED', message, { replica, cause: error })
}
