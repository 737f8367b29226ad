import { type ChildProcess, fork } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openWorkspace } from '../../servers/workspace.ts'
import type { ClientAnswer, ClientCommand, ClientPlan, ClientRequest } from './client-plan.ts'

/** A client process, as the run that started it sees it. */
export class ClientHandle {
  readonly plan: ClientPlan
  readonly #process: ChildProcess
  readonly #exit: Promise<void>
  readonly #open = new Map<number, (answer: ClientAnswer) => void>()
  readonly #errorsFile: string
  #requests = 0
  #isWanted = true
  #failure: string | null = null

  constructor(plan: ClientPlan) {
    this.plan = plan
    this.#errorsFile = `${plan.operationsFile}.errors`
    // It may be killed before it has begun anything.
    closeSync(openSync(plan.operationsFile, 'a'))
    const errors = openSync(this.#errorsFile, 'a')
    this.#process = fork(join(import.meta.dirname, 'client-process.ts'), [JSON.stringify(plan)], {
      stdio: ['ignore', errors, errors, 'ipc'],
      execArgv: [],
    })
    closeSync(errors)
    const { pid } = this.#process
    const { janitor } = openWorkspace()
    if (pid !== undefined) janitor.watch(pid)
    this.#process.on('message', (answer: ClientAnswer) => this.#open.get(answer.id)?.(answer))
    this.#exit = new Promise((resolve) => {
      this.#process.once('exit', () => {
        if (pid !== undefined) janitor.forget(pid)
        this.#onExit()
        resolve()
      })
    })
  }

  /** How it ended though nobody ended it; null while it did not. */
  get failure(): string | null {
    return this.#failure
  }

  /** Rejects when the process ends first, or could not do it. */
  async ask(command: ClientCommand): Promise<ClientAnswer> {
    const id = this.#requests
    this.#requests += 1
    const request: ClientRequest = { id, command }
    if (command.name === 'close') this.#isWanted = false
    const answer = await new Promise<ClientAnswer>((resolve) => {
      this.#open.set(id, resolve)
      if (this.#process.connected) this.#process.send(request, () => undefined)
      else resolve(this.#gone(id))
    })
    this.#open.delete(id)
    if (answer.failure !== null) throw new Error(`${this.plan.name}, ${command.name}: ${answer.failure}`)
    return answer
  }

  freeze(): void {
    this.#process.kill('SIGSTOP')
  }

  thaw(): void {
    this.#process.kill('SIGCONT')
  }

  /** In the middle of whatever it does. */
  async kill(): Promise<void> {
    this.#isWanted = false
    this.#process.kill('SIGKILL')
    await this.#exit
  }

  #onExit(): void {
    if (this.#isWanted) {
      this.#failure = `${this.plan.name} ended: ${readFileSync(this.#errorsFile, 'utf8').slice(-2_000)}`
    }
    for (const [id, resolve] of this.#open) resolve(this.#gone(id))
  }

  #gone(id: number): ClientAnswer {
    return { id, failure: 'the process is gone', replicas: [] }
  }
}
