import type { TestServer } from './test-server.ts'

/** A part of a server that was given by URL: it can be used and given back, never broken. */
export function uncontrollableServer(url: string, defaultPort: number, release: () => Promise<void>): TestServer {
  let released: Promise<void> | undefined
  const releaseOnce = () => {
    released ??= release()
    return released
  }
  const refuse = () => {
    throw new Error(`${new URL(url).host} was given by URL: a test that breaks its server starts it as controllable`)
  }
  return {
    url,
    port: Number(new URL(url).port || defaultPort),
    source: 'url',
    controllable: false,
    freeze: refuse,
    thaw: refuse,
    kill: async () => refuse(),
    start: async () => refuse(),
    restartEmpty: async () => refuse(),
    stop: releaseOnce,
    [Symbol.asyncDispose]: releaseOnce,
  }
}
