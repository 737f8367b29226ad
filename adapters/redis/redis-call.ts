import type { Timers } from '../../src/runtime.ts'
import type { RedisFailures } from './redis-failures.ts'
import type { ToldLineage } from './told-lineage.ts'

/** One call of the replica's port, with the one timer that bounds all that it does. */
export class RedisCall {
  /** The lineage that the caller was told last; every answer must belong to it. Null when it was told none. */
  readonly told: ToldLineage | null
  readonly #waits = new Set<() => void>()
  #isOver = false

  constructor(told: ToldLineage | null) {
    this.told = told
  }

  /** Its caller has been answered already: nothing more may be sent for it. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** @param giveUp called when the time of the call is over before {@link stopWaiting} */
  wait(giveUp: () => void): void {
    this.#waits.add(giveUp)
  }

  stopWaiting(giveUp: () => void): void {
    this.#waits.delete(giveUp)
  }

  end(): void {
    this.#isOver = true
    for (const giveUp of this.#waits) giveUp()
    this.#waits.clear()
  }
}

/** Runs a call for at most `timeoutMs`. What it waits for then is given up, and its connection with it. */
export function runCall<Answer>(
  call: RedisCall,
  timeoutMs: number,
  timers: Timers,
  failures: RedisFailures,
  work: (call: RedisCall) => Promise<Answer>,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const cancel = timers.after(timeoutMs, () => {
      call.end()
      reject(failures.timeout(`no answer within ${Math.round(timeoutMs)} ms`))
    })
    work(call).then(
      (answer) => {
        cancel()
        resolve(answer)
      },
      (error: unknown) => {
        cancel()
        call.end()
        reject(error)
      },
    )
  })
}
