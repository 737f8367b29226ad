import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { ProxyLane, type ProxyNetwork } from './proxy-lane.ts'

export async function startProxy(targetPort: number): Promise<TestProxy> {
  const proxy = new TestProxy(targetPort)
  await proxy.listen()
  return proxy
}

/** A TCP proxy on the loopback interface, to break the network between a client and its server. */
export class TestProxy implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #lanes = new Set<ProxyLane>()
  readonly #network: ProxyNetwork = { delayMs: 0, isSilent: false }
  #isCut = false

  constructor(targetPort: number) {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client, targetPort))
  }

  get port(): number {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the proxy does not listen')
    return address.port
  }

  /** Holds every byte back for this long in each direction; 0 at first. Bytes keep their order. */
  get delayMs(): number {
    return this.#network.delayMs
  }

  set delayMs(delayMs: number) {
    this.#network.delayMs = delayMs
  }

  /** Resets every connection, and each new one as soon as it is made. */
  cut(): void {
    this.#isCut = true
    this.#resetAll()
  }

  /** Keeps connections, accepts new ones, and holds back every byte: a cable that was pulled out. */
  silence(): void {
    this.#network.isSilent = true
  }

  /** Ends {@link cut} and {@link silence}; what was held back goes on its way. */
  heal(): void {
    this.#isCut = false
    this.#network.isSilent = false
    for (const lane of this.#lanes) lane.deliver()
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#resetAll()
    await closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #accept(client: Socket, targetPort: number): void {
    if (this.#isCut) {
      client.resetAndDestroy()
      return
    }
    const upstream = connect({ port: targetPort, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    this.#carry(client, upstream)
    this.#carry(upstream, client)
  }

  #carry(from: Socket, to: Socket): void {
    const lane = new ProxyLane(from, to, this.#network)
    this.#sockets.add(from)
    this.#lanes.add(lane)
    from.once('close', () => this.#sockets.delete(from))
    to.once('close', () => this.#lanes.delete(lane))
  }

  #resetAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }
}
