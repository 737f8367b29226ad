import type { Socket } from 'node:net'

/** How the network behaves; shared by all lanes of a proxy and changed while they run. */
export interface ProxyNetwork {
  delayMs: number
  isSilent: boolean
}

interface HeldChunk {
  readonly bytes: Buffer
  readonly dueMs: number
}

/** The sender is paused while this much waits for delivery. */
const HELD_BYTES_MAX = 1 << 20

/** One direction of a proxied connection: holds bytes back as long as the network says. */
export class ProxyLane {
  readonly #from: Socket
  readonly #to: Socket
  readonly #network: ProxyNetwork
  readonly #held: HeldChunk[] = []
  #heldBytes = 0
  #hasEnded = false
  #timer: NodeJS.Timeout | undefined

  constructor(from: Socket, to: Socket, network: ProxyNetwork) {
    this.#from = from
    this.#to = to
    this.#network = network
    from.on('data', (bytes: Buffer) => this.#hold(bytes))
    from.once('end', () => {
      this.#hasEnded = true
      this.deliver()
    })
    from.on('error', () => to.resetAndDestroy())
    to.once('close', () => clearTimeout(this.#timer))
    to.on('drain', () => this.deliver())
  }

  /** Sends on what is due. */
  deliver(): void {
    clearTimeout(this.#timer)
    if (this.#network.isSilent) return
    for (let chunk = this.#held[0]; chunk !== undefined; chunk = this.#held[0]) {
      if (this.#to.writableNeedDrain) return
      const waitMs = chunk.dueMs - performance.now()
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.deliver(), Math.ceil(waitMs))
        return
      }
      this.#held.shift()
      this.#heldBytes -= chunk.bytes.length
      this.#to.write(chunk.bytes)
    }
    if (this.#hasEnded) this.#to.end()
    else this.#from.resume()
  }

  #hold(bytes: Buffer): void {
    this.#held.push({ bytes, dueMs: performance.now() + this.#network.delayMs })
    this.#heldBytes += bytes.length
    if (this.#heldBytes > HELD_BYTES_MAX) this.#from.pause()
    this.deliver()
  }
}
