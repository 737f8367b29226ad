import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Entry, PutOutcome, ReadAnswer } from '../../../src/replica.ts'

export interface RemoteRequest {
  readonly call: 'getMany' | 'putManyIfNewer'
  readonly argument: unknown
  readonly timeoutMs: number
}

export interface RemoteReply {
  readonly answer?: unknown
  readonly code?: string
  readonly message?: string
}

export interface RemoteOptions {
  /** Drops root's rights, to which a read-only file means nothing. */
  readonly isUnprivileged?: boolean
  /** No file may grow beyond this many blocks of 512 or 1024 bytes, as the shell counts. */
  readonly fileBlocksMax?: number
}

const program = fileURLToPath(new URL('./remote-process.ts', import.meta.url))
const timeoutMs = 30_000

/** A replica of the file in a process of its own. One call at a time. */
export class RemoteReplica implements AsyncDisposable {
  readonly process: ChildProcess

  readonly #ended: Promise<never>

  private constructor(child: ChildProcess, ended: Promise<never>) {
    this.process = child
    this.#ended = ended
  }

  static async start(path: string, { isUnprivileged = false, fileBlocksMax }: RemoteOptions = {}) {
    const limit = fileBlocksMax === undefined ? '' : `ulimit -S -f ${fileBlocksMax}; `
    const rights = isUnprivileged ? 'unprivileged' : 'as started'
    const child = spawn('/bin/sh', ['-c', `${limit}exec "$0" "$@"`, process.execPath, program, path, rights], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    const ended = endOf(child)
    // Whichever call waits for it tells of the end; that nobody waits is no fault.
    ended.catch(() => {})
    await Promise.race([messageOf(child), ended])
    return new RemoteReplica(child, ended)
  }

  async getMany(keys: readonly string[]): Promise<readonly ReadAnswer[]> {
    return answerOf(await this.#ask({ call: 'getMany', argument: keys, timeoutMs })) as readonly ReadAnswer[]
  }

  async putManyIfNewer(entries: readonly Entry[]): Promise<readonly PutOutcome[]> {
    return answerOf(await this.#ask({ call: 'putManyIfNewer', argument: entries, timeoutMs })) as readonly PutOutcome[]
  }

  /** For a put that must fail. */
  async failureOfPut(entries: readonly Entry[]): Promise<RemoteReply> {
    return await this.#ask({ call: 'putManyIfNewer', argument: entries, timeoutMs })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = this.process.exitCode !== null || this.process.signalCode !== null
    if (ended) return
    const exit = once(this.process, 'exit')
    this.process.kill('SIGKILL')
    await exit
  }

  async #ask(request: RemoteRequest): Promise<RemoteReply> {
    const reply = messageOf(this.process)
    this.process.send(request)
    return await Promise.race([reply, this.#ended])
  }
}

function messageOf(child: ChildProcess): Promise<RemoteReply> {
  return new Promise((resolve) => child.once('message', (message) => resolve(message as RemoteReply)))
}

async function endOf(child: ChildProcess): Promise<never> {
  const [code, signal] = await once(child, 'exit')
  throw new Error(`the process ended with ${code ?? signal}`)
}

function answerOf({ answer, code, message }: RemoteReply): unknown {
  if (code !== undefined) throw new Error(`${code}: ${message}`)
  return answer
}
