import type { Runtime } from '../../src/runtime.ts'
import { type Redirection, readSlotTable, type SlotTable, type SlotTableContext } from './cluster-slots.ts'
import { askOnce, type DialSettings, dialServer } from './dial.ts'
import { RedisCall, runCall } from './redis-call.ts'
import { RedisConnection } from './redis-connection.ts'
import { errorText, type RedisFailures } from './redis-failures.ts'
import {
  addressOf,
  addressText,
  optionsAt,
  type RedisAddress,
  type RedisClientOptions,
  type RedisClusterTarget,
} from './redis-target.ts'

/** The slots are asked for anew no sooner than this after the last time. */
const refreshEveryMs = 100

/** The nodes of a cluster: who holds which slot, as far as known, and a connection to each. */
export class ClusterMap {
  readonly #target: RedisClusterTarget
  readonly #settings: DialSettings
  readonly #runtime: Runtime
  readonly #connections = new Map<string, RedisConnection>()
  readonly #addresses = new Map<string, RedisAddress>()
  #table: SlotTable | null = null
  #refreshing: Promise<SlotTable> | null = null
  #isDistrusted = false
  #refreshFromMs = 0
  #attempt: AbortController | null = null
  #isClosed = false

  constructor(target: RedisClusterTarget, settings: DialSettings, runtime: Runtime) {
    this.#target = target
    this.#settings = settings
    this.#runtime = runtime
  }

  /** The slots as they are known; asked for anew when there is a reason to doubt them. */
  async table(call: RedisCall): Promise<SlotTable> {
    if (this.#isClosed) throw this.#failures.closed()
    const isDue = this.#isDistrusted && this.#runtime.clock.monotonicMs() >= this.#refreshFromMs
    if (this.#table !== null && !isDue) return this.#table
    this.#refreshing ??= this.#refresh()
    const table = await this.#refreshing
    if (call.isOver) throw this.#failures.timeout('its time was over before anything was sent')
    return table
  }

  /** Something did not go as the table has it. */
  distrust(): void {
    this.#isDistrusted = true
  }

  /** @throws ReplicaError `UNAVAILABLE` */
  nameAt(slot: number): string {
    const name = this.nameIfKnown(slot)
    if (name !== undefined) return name
    this.distrust()
    throw this.#failures.unavailable(`no server of the cluster holds slot ${slot}`)
  }

  nameIfKnown(slot: number): string | undefined {
    return this.#table?.nameAt(slot)
  }

  /** @returns the name of the node that a server sent us to */
  follow({ kind, slot, address }: Redirection): string {
    const name = addressText(address)
    this.#addresses.set(name, address)
    if (kind === 'MOVED') {
      this.#table?.set(slot, slot, address)
      this.distrust()
    }
    return name
  }

  connection(name: string): RedisConnection {
    const known = this.#connections.get(name)
    if (known !== undefined) return known
    const address = this.#addresses.get(name)
    if (address === undefined) throw this.#failures.unavailable(`${name} is no node of the cluster`)
    const server = { name, address: name, options: optionsAt(this.#target.options, address), mustBeMaster: false }
    const { failures, connectTimeoutMs } = this.#settings
    const connection = new RedisConnection({
      dial: (signal) => dialServer(server, this.#settings, signal),
      connectTimeoutMs,
      failures,
      runtime: this.#runtime,
    })
    this.#connections.set(name, connection)
    return connection
  }

  contextOf(name: string): SlotTableContext {
    return this.#contextAt(this.#addresses.get(name) ?? { host: name, port: 0 })
  }

  shut(): void {
    this.#isClosed = true
    this.#attempt?.abort(this.#failures.closed())
    for (const connection of this.#connections.values()) connection.shut()
  }

  close(): void {
    this.shut()
    for (const connection of this.#connections.values()) connection.close()
  }

  get #failures(): RedisFailures {
    return this.#settings.failures
  }

  #contextAt(asked: RedisAddress): SlotTableContext {
    return { asked, addressMap: this.#target.addressMap }
  }

  async #refresh(): Promise<SlotTable> {
    const attempt = new AbortController()
    this.#attempt = attempt
    const { connectTimeoutMs } = this.#settings
    const cancel = this.#runtime.timers.after(connectTimeoutMs, () => {
      attempt.abort(this.#failures.unavailable(`no node told the slots within ${connectTimeoutMs} ms`))
    })
    try {
      const table = await this.#tableOfConnected().catch(() => this.#tableOfAny(attempt.signal))
      this.#use(table)
      return table
    } catch (error) {
      if (this.#table === null) throw error
      return this.#table
    } finally {
      cancel()
      attempt.abort()
      this.#refreshing = null
      this.#refreshFromMs = this.#runtime.clock.monotonicMs() + refreshEveryMs
    }
  }

  #use(table: SlotTable): void {
    this.#table = table
    this.#isDistrusted = false
    const names = new Set(table.names)
    for (const name of names) {
      const address = table.addressOf(name)
      if (address !== undefined) this.#addresses.set(name, address)
    }
    for (const [name, connection] of this.#connections) {
      if (names.has(name)) continue
      connection.retire()
      this.#connections.delete(name)
    }
  }

  /** The first answer of those we are connected to. */
  #tableOfConnected(): Promise<SlotTable> {
    const connected = [...this.#connections].filter(([, connection]) => connection.isConnected)
    return Promise.any(
      connected.map(([name, connection]) =>
        runCall(
          new RedisCall(null),
          this.#settings.connectTimeoutMs,
          this.#runtime.timers,
          this.#failures,
          async (call) => {
            const link = await connection.link(call)
            const [reply] = await link.send([['CLUSTER', 'SLOTS']], call)
            return this.#read(reply, this.contextOf(name))
          },
        ),
      ),
    )
  }

  /** The first answer of the nodes that we were given, and of those we knew. */
  async #tableOfAny(signal: AbortSignal): Promise<SlotTable> {
    const known = (this.#table?.names ?? []).map((name) => this.#optionsOf(name))
    const nodes = new Map(
      [...known, ...this.#target.seeds].map((options) => [addressText(addressOf(options)), options]),
    )
    try {
      return await Promise.any(Array.from(nodes.values(), (options) => this.#askNode(options, signal)))
    } catch (error) {
      signal.throwIfAborted()
      throw this.#failures.unavailable(`no node of the cluster tells its slots: ${errorText(error)}`, error)
    }
  }

  async #askNode(options: RedisClientOptions, signal: AbortSignal): Promise<SlotTable> {
    const reply = await askOnce(options, ['CLUSTER', 'SLOTS'], this.#settings, signal)
    return this.#read(reply, this.#contextAt(addressOf(options)))
  }

  #optionsOf(name: string): RedisClientOptions {
    const address = this.#addresses.get(name)
    return address === undefined ? this.#target.options : optionsAt(this.#target.options, address)
  }

  #read(reply: unknown, context: SlotTableContext): SlotTable {
    const table = readSlotTable(reply, context)
    if (table === null || table.names.length === 0) throw this.#failures.unavailable('the slots are not assigned')
    return table
  }
}
