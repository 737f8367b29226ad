import type { Runtime } from '../runtime.ts'
import type { Sweeper } from './sweeper.ts'

const pauseMinMs = 100
const pauseMaxMs = 60_000

/** Goes on sweeping, with growing pauses, as long as a replica that can be reached is joining. */
export class Rejoin {
  readonly #sweeper: Sweeper
  readonly #runtime: Runtime
  readonly #abort = new AbortController()
  #isRunning = false
  #isWanted = false
  #endPause: (() => void) | null = null

  constructor(sweeper: Sweeper, runtime: Runtime) {
    this.#sweeper = sweeper
    this.#runtime = runtime
  }

  /** Something may have changed for a joining replica: look again now. */
  wake(): void {
    if (this.#abort.signal.aborted) return
    this.#isWanted = true
    this.#endPause?.()
    if (!this.#isRunning) void this.#run()
  }

  stop(): void {
    this.#abort.abort(new Error('the store was closed'))
    this.#endPause?.()
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    let pauseMs = pauseMinMs
    while (this.#isWanted && !this.#abort.signal.aborted) {
      this.#isWanted = false
      const isDone = await this.#sweeper.rejoin(this.#abort.signal).catch(() => false)
      if (isDone) continue
      await this.#pause(pauseMs)
      pauseMs = Math.min(2 * pauseMs, pauseMaxMs)
      this.#isWanted = true
    }
    this.#isRunning = false
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#runtime.timers.afterIfAlive(delayMs, resolve)
      this.#endPause = () => {
        cancel()
        resolve()
      }
    })
  }
}
