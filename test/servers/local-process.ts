import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { continueTree, killTree, stopTree } from './process-tree.ts'
import type { ServerProcess } from './server-process.ts'
import { openWorkspace } from './workspace.ts'

export interface LocalCommand {
  readonly file: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  /** The user and group to run as; this process's own when left out. */
  readonly userId?: number
  /** Asks the server for an orderly shutdown. */
  readonly stopSignal: NodeJS.Signals
  /** Holds the output of the server, `output.log`. */
  readonly folder: string
  /** Brings the data folder back to what it was before the first launch. */
  wipe(): Promise<void>
}

/** A server that runs as a child of this process, and never outlives it. */
export class LocalProcess implements ServerProcess {
  readonly source = 'binary'
  readonly host = '127.0.0.1'
  readonly #command: LocalCommand
  #child: ChildProcess | null = null
  #isFrozen = false

  constructor(command: LocalCommand) {
    this.#command = command
  }

  async launch(): Promise<void> {
    if (this.#runningPid() !== null) throw new Error('the server runs already')
    const { file, args, env, folder, userId } = this.#command
    const output = openSync(this.#outputFile, 'a')
    const child = spawn(file, args, {
      cwd: folder,
      env,
      stdio: ['ignore', output, output],
      detached: true,
      ...(userId === undefined ? {} : { uid: userId, gid: userId }),
    })
    closeSync(output)
    await once(child, 'spawn')
    // A server that a test forgot must not hold the test's process open: the janitor ends it.
    child.unref()
    this.#child = child
    this.#isFrozen = false
    const { pid } = child
    if (pid === undefined) throw new Error(`${file} has no process id`)
    const { janitor } = openWorkspace()
    janitor.watch(pid)
    child.once('exit', () => janitor.forget(pid))
  }

  async isRunning(): Promise<boolean> {
    return this.#runningPid() !== null
  }

  freeze(): void {
    const pid = this.#runningPid()
    if (pid === null) throw new Error('a server that is down cannot be frozen')
    stopTree(pid)
    this.#isFrozen = true
  }

  thaw(): void {
    const pid = this.#runningPid()
    if (pid === null) throw new Error('a server that is down cannot be thawed')
    continueTree(pid)
    this.#isFrozen = false
  }

  async kill(): Promise<void> {
    const pid = this.#runningPid()
    if (pid === null) return
    const exited = this.#exit()
    await killTree(pid)
    await exited
  }

  async stop(): Promise<void> {
    if (this.#runningPid() === null) return
    if (this.#isFrozen) return this.kill()
    const exited = this.#exit()
    this.#child?.kill(this.#command.stopSignal)
    const patience = new AbortController()
    await Promise.race([exited, sleep(10_000, undefined, { signal: patience.signal }).catch(() => undefined)])
    patience.abort()
    await this.kill()
  }

  async wipe(): Promise<void> {
    if (this.#runningPid() !== null) throw new Error('only the data of a server that is down can be wiped')
    await this.#command.wipe()
  }

  async discard(): Promise<void> {
    await rm(this.#command.folder, { recursive: true, force: true })
  }

  async outputTail(): Promise<string> {
    return existsSync(this.#outputFile) ? readFileSync(this.#outputFile, 'utf8').slice(-2_000) : ''
  }

  get #outputFile(): string {
    return join(this.#command.folder, 'output.log')
  }

  #runningPid(): number | null {
    const child = this.#child
    return child?.pid !== undefined && child.exitCode === null && child.signalCode === null ? child.pid : null
  }

  async #exit(): Promise<void> {
    const child = this.#child
    if (child === null) return
    child.ref()
    await once(child, 'exit')
  }
}
