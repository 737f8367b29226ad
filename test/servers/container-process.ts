import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { GenericContainer, getContainerRuntimeClient, Wait } from 'testcontainers'
import type { ServerProcess } from './server-process.ts'

export interface ContainerCommand {
  readonly image: string
  readonly command: readonly string[]
  /** Bound to the same ports of the host. */
  readonly ports: readonly number[]
  readonly env: Readonly<Record<string, string>>
}

/** A server in a container, not launched yet. */
export async function containerProcess(command: ContainerCommand): Promise<ServerProcess> {
  const { host } = (await getContainerRuntimeClient()).info.containerRuntime
  // Ports are bound for IPv4, and `localhost` may mean IPv6 first.
  return new ContainerProcess(host === 'localhost' ? '127.0.0.1' : host, command)
}

/** A server in a container; testcontainers removes it when this process is gone. */
class ContainerProcess implements ServerProcess {
  readonly source = 'testcontainers'
  readonly host: string
  readonly #command: ContainerCommand
  #containerId: string | null = null
  #isFrozen = false

  constructor(host: string, command: ContainerCommand) {
    this.host = host
    this.#command = command
  }

  async launch(): Promise<void> {
    if (this.#containerId === null) this.#containerId = await this.#create()
    else await (await this.#container()).start()
  }

  async isRunning(): Promise<boolean> {
    if (this.#containerId === null) return false
    const { State } = await (await this.#container()).inspect()
    return State.Running
  }

  freeze(): void {
    this.#setFrozen('pause')
    this.#isFrozen = true
  }

  thaw(): void {
    this.#setFrozen('unpause')
    this.#isFrozen = false
  }

  async kill(): Promise<void> {
    if (!(await this.isRunning())) return
    const container = await this.#container()
    await container.kill()
    // A frozen process takes notice of the signal when it is thawed, and of nothing else.
    if (this.#isFrozen) await container.unpause().catch(() => undefined)
    this.#isFrozen = false
    await container.wait()
  }

  async stop(): Promise<void> {
    if (this.#isFrozen) return this.kill()
    if (await this.isRunning()) await (await this.#container()).stop({ t: 10 })
  }

  async wipe(): Promise<void> {
    if (this.#containerId === null) return
    await (await this.#container()).remove({ v: true })
    this.#containerId = null
  }

  discard(): Promise<void> {
    return this.wipe()
  }

  async outputTail(): Promise<string> {
    if (this.#containerId === null) return ''
    const output = await (await this.#container()).logs({ stdout: true, stderr: true, tail: 20 })
    return output.toString()
  }

  async #create(): Promise<string> {
    const { image, command, ports, env } = this.#command
    const container = await new GenericContainer(image)
      .withCommand([...command])
      .withEnvironment({ ...env })
      .withExposedPorts(...ports.map((port) => ({ container: port, host: port })))
      .withWaitStrategy(Wait.forLogMessage(/./))
      .start()
    return container.getId()
  }

  async #container() {
    if (this.#containerId === null) throw new Error('the container was never started')
    return (await getContainerRuntimeClient()).container.getById(this.#containerId)
  }

  /** In a process of its own, because a test freezes a server between two of its own steps, without waiting. */
  #setFrozen(step: 'pause' | 'unpause'): void {
    if (this.#containerId === null) throw new Error('the container was never started')
    const script = join(import.meta.dirname, 'container-pause.ts')
    const { status, stderr } = spawnSync(process.execPath, [script, step, this.#containerId], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`could not ${step} the container: ${stderr}`)
  }
}
