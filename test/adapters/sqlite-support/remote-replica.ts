import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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

const repository = fileURLToPath(new URL('../../../', import.meta.url))
const program = 'test/adapters/sqlite-support/remote-process.ts'
const timeoutMs = 30_000

/** A replica of the file in a process of its own. One call at a time. */
export class RemoteReplica implements AsyncDisposable {
  readonly process: ChildProcess

  readonly #ended: Promise<never>
  readonly #copy: string | null

  private constructor(child: ChildProcess, ended: Promise<never>, copy: string | null) {
    this.process = child
    this.#ended = ended
    this.#copy = copy
  }

  static async start(path: string, { isUnprivileged = false, fileBlocksMax }: RemoteOptions = {}) {
    const limit = fileBlocksMax === undefined ? '' : `ulimit -S -f ${fileBlocksMax}; `
    const rights = isUnprivileged ? 'unprivileged' : 'as started'
    const copy = isUnprivileged ? copyForAll() : null
    const file = join(copy ?? repository, program)
    const child = spawn('/bin/sh', ['-c', `${limit}exec "$0" "$@"`, process.execPath, file, path, rights], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    const ended = endOf(child)
    // Whichever call waits for it tells of the end; that nobody waits is no fault.
    ended.catch(() => {})
    await Promise.race([messageOf(child), ended])
    return new RemoteReplica(child, ended, copy)
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
    await this.#end()
    if (this.#copy !== null) rmSync(this.#copy, { recursive: true, force: true })
  }

  async #end(): Promise<void> {
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

/** The checkout may lie where nobody but its owner can read: what the process runs is copied to where all can. */
function copyForAll(): string {
  const copy = mkdtempSync(join(tmpdir(), 'keyv-quorum-code-'))
  for (const folder of ['src', 'adapters', 'test/adapters/sqlite-support']) {
    cpSync(join(repository, folder), join(copy, folder), { recursive: true })
  }
  writeFileSync(join(copy, 'package.json'), '{ "type": "module" }')
  chmodSync(copy, 0o755)
  return copy
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
