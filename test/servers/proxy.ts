import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { ProxyLane } from './proxy-lane.ts'

/** A TCP proxy on the loopback interface, to break the network between a client and its server. */
export interface TestProxy extends AsyncDisposable {
  readonly port: number
  /** Holds every byte back for this long in each direction; 0 at first. Bytes keep their order. */
  delayMs: number
  /** Resets every connection, and each new one as soon as it is made. */
  cut(): void
  /** Keeps connections, accepts new ones, and holds back every byte: a cable that was pulled out. */
  silence(): void
  /** Ends {@link cut} and {@link silence}; what was held back goes on its way. */
  heal(): void
  close(): Promise<void>
}

export async function startProxy(targetPort: number): Promise<TestProxy> {
  const sockets = new Set<Socket>()
  const lanes = new Set<ProxyLane>()
  const network = { delayMs: 0, isSilent: false }
  let isCut = false

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    if (isCut) {
      client.resetAndDestroy()
      return
    }
    const upstream = connect({ port: targetPort, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      const lane = new ProxyLane(from, to, network)
      sockets.add(from)
      lanes.add(lane)
      from.once('close', () => {
        sockets.delete(from)
        lanes.delete(lane)
      })
    }
  })

  const dropAll = () => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')

  const proxy: TestProxy = {
    port: address.port,
    get delayMs() {
      return network.delayMs
    },
    set delayMs(delayMs) {
      network.delayMs = delayMs
    },
    cut() {
      isCut = true
      dropAll()
    },
    silence() {
      network.isSilent = true
    },
    heal() {
      isCut = false
      network.isSilent = false
      for (const lane of lanes) lane.deliver()
    },
    async close() {
      const closed = once(server, 'close')
      server.close()
      dropAll()
      await closed
    },
    [Symbol.asyncDispose]: () => proxy.close(),
  }
  return proxy
}
