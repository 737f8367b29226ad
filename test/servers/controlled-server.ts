import type { ServerProcess } from './server-process.ts'
import type { TestServer } from './test-server.ts'
import { waitUntil } from './wait-until.ts'

export interface ControlledServerOptions {
  readonly url: string
  readonly port: number
  readonly process: ServerProcess
  /** Whether the server answers a real request; a rejection means no. */
  isReady(): Promise<boolean>
}

/** Launches a server, waits until it answers, and puts the controls of a {@link TestServer} on it. */
export async function startControlledServer(options: ControlledServerOptions): Promise<TestServer> {
  const { url, port, process } = options
  async function start(): Promise<void> {
    await process.launch()
    await whenReady(options)
  }
  const server: TestServer = {
    url,
    port,
    source: process.source,
    controllable: true,
    freeze: () => process.freeze(),
    thaw: () => process.thaw(),
    kill: () => process.kill(),
    start,
    async restartEmpty() {
      await process.kill()
      await process.wipe()
      await start()
    },
    stop: () => process.stop(),
    async [Symbol.asyncDispose]() {
      await process.kill()
      await process.discard()
    },
  }
  await start()
  return server
}

async function whenReady({ url, process, isReady }: ControlledServerOptions): Promise<void> {
  const isUp = async () => {
    if (await isReady().catch(() => false)) return true
    if (await process.isRunning()) return false
    throw new Error(`the server for ${url} ended at its start:\n${await process.outputTail()}`)
  }
  await waitUntil(isUp, { what: `an answer of ${url}`, timeoutMs: 60_000 })
}
