import { subscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'

/**
 * Counts the bytes of every TCP connection that this process makes, by the port it leads to: what the sockets themselves
 * say, payload of TCP in both directions. Has to be made before the connections are.
 */
export class ConnectionBytes {
  readonly #sockets = new Map<Socket, number>()

  constructor() {
    subscribe('net.client.socket', (message) => {
      const { socket } = message as { readonly socket: Socket }
      socket.once('connect', () => this.#sockets.set(socket, socket.remotePort ?? 0))
    })
  }

  /** Over all connections to this port since the beginning. */
  of(port: number): number {
    let bytes = 0
    for (const [socket, to] of this.#sockets) if (to === port) bytes += socket.bytesRead + socket.bytesWritten
    return bytes
  }
}
