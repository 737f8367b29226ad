import type { LocalProcess } from './local-process.ts'
import type { ServerProcess } from './server-process.ts'

/** Several local servers that are launched, frozen and killed as one. */
export class LocalGroup implements ServerProcess {
  readonly source = 'binary'
  readonly host = '127.0.0.1'
  readonly #members: readonly LocalProcess[]

  constructor(members: readonly LocalProcess[]) {
    this.#members = members
  }

  async launch(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.launch()))
  }

  async isRunning(): Promise<boolean> {
    const answers = await Promise.all(this.#members.map((member) => member.isRunning()))
    return answers.every((isRunning) => isRunning)
  }

  freeze(): void {
    for (const member of this.#members) member.freeze()
  }

  thaw(): void {
    for (const member of this.#members) member.thaw()
  }

  async kill(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.kill()))
  }

  async stop(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.stop()))
  }

  async wipe(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.wipe()))
  }

  async discard(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.discard()))
  }

  async outputTail(): Promise<string> {
    const tails = await Promise.all(this.#members.map((member) => member.outputTail()))
    return tails.join('\n')
  }
}
