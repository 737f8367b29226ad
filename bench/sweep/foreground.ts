import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Sample } from '../load.ts'
import type { Deployment } from './deployment.ts'
import type { ForegroundReply, ForegroundRequest } from './foreground-process.ts'

/** A light load of gets by another process, as an application beside the sweep. */
export class Foreground {
  readonly #process: ChildProcess

  constructor({ redis, postgres, sqliteUri, keysCount }: Deployment) {
    const urls = [redis.url, postgres.url, sqliteUri]
    this.#process = fork(new URL('./foreground-process.ts', import.meta.url), [String(keysCount), ...urls])
  }

  async run(durationMs: number): Promise<Sample> {
    this.#process.send({ durationMs } satisfies ForegroundRequest)
    const [reply] = (await once(this.#process, 'message')) as [ForegroundReply]
    if ('failure' in reply) throw new Error(`the load beside the sweep failed: ${reply.failure}`)
    return reply.sample
  }

  close(): void {
    this.#process.kill('SIGKILL')
  }
}
