import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { FakeRedis } from './fake-redis.ts'
import type { Reply } from './reply.ts'
import { CommandReader, encoded } from './wire.ts'

/** What a server sends in the place of one reply, and whether it hangs up then. */
export interface WireLie {
  /** Which of its replies, counted from when lying begins. */
  readonly place: number
  readonly bytes: string
  readonly hangsUp: boolean
}

/** A server that speaks the protocol, until it does not: at a port of this machine, for drivers to connect to. */
export class WireServer {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  redis: FakeRedis
  #lie: WireLie | null = null
  #replies = 0

  static async start(redis: FakeRedis): Promise<WireServer> {
    const started = new WireServer(redis)
    started.#server.listen(0, '127.0.0.1')
    await once(started.#server, 'listening')
    return started
  }

  private constructor(redis: FakeRedis) {
    this.redis = redis
    this.#server = createServer((socket) => this.#serve(socket))
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Resolves when nobody is connected any more. */
  async whenDeserted(): Promise<void> {
    for (const socket of this.#sockets) await new Promise<void>((resolve) => socket.once('close', () => resolve()))
  }

  /** Null for the truth from now on. */
  lie(lie: WireLie | null): void {
    this.#lie = lie
    this.#replies = 0
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #serve(socket: Socket): void {
    const reader = new CommandReader()
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => {
      for (const args of reader.read(bytes)) this.#answer(socket, args)
    })
  }

  #answer(socket: Socket, args: readonly string[]): void {
    const lie = this.#lie?.place === this.#replies ? this.#lie : null
    this.#replies += 1
    if (!socket.writable) return
    if (lie === null) socket.write(encoded(this.#reply(args)))
    else if (lie.hangsUp) socket.end(lie.bytes)
    else socket.write(lie.bytes, 'latin1')
  }

  /** What a fake server leaves out: what drivers ask besides, and where the servers are. */
  #reply(args: readonly string[]): Reply {
    const [name = '', kind = ''] = args
    if (name === 'CLIENT' || name === 'SELECT' || name === 'ASKING') return 'OK'
    if (name === 'SENTINEL') return ['127.0.0.1', String(this.port)]
    if (name !== 'CLUSTER') return this.redis.answer(args)
    if (kind === 'MYID') return 'node'
    if (kind === 'SLOTS') return [[0, 16_383, ['127.0.0.1', this.port, 'node']]]
    return `node 127.0.0.1:${this.port}@1 myself,master - 0 0 1 connected 0-16383\n`
  }
}
