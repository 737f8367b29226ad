import { createServer } from 'node:net'

// Below the range that systems take the ports of outgoing connections from, so that none of those takes the port of a
// server while it is down.
const PORT_MIN = 12_000
const PORT_MAX = 30_000
const TRIES_MAX = 5

/** A port of the loopback interface that nobody listens on. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORT_MIN + Math.floor(Math.random() * (PORT_MAX - PORT_MIN))
    if (await isFree(port)) return port
  }
}

/** Starts something on a free port; on another one when somebody else was faster. */
export async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await start(await freePort())
    } catch (error) {
      if (tries === TRIES_MAX || !/address already in use/i.test(String(error))) throw error
    }
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
