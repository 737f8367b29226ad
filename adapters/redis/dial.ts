import { type Driver, type DriverClient, loadDriver, safeOptions } from './driver.ts'
import { errorText, type RedisFailures } from './redis-failures.ts'
import { destroyClient, RedisLink } from './redis-link.ts'
import type { RedisClientOptions } from './redis-target.ts'
import { type FactsNeeded, factsCommands, noFacts, readFacts, type ServerFacts, unfitReason } from './server-facts.ts'

/** Makes one connection, or rejects with a `ReplicaError`; gives up for good when the signal says so. */
export type Dial = (signal: AbortSignal) => Promise<RedisLink>

export interface DialSettings {
  readonly failures: RedisFailures
  readonly connectTimeoutMs: number
  readonly factsNeeded: FactsNeeded
  /** See {@link RedisLink.identity}. */
  readonly identify: (facts: ServerFacts, address: string) => string
}

export interface DialedServer {
  readonly name: string
  readonly address: string
  readonly options: RedisClientOptions
  /** Whether a server that follows another one will not do. */
  readonly mustBeMaster: boolean
}

/** Connects to a server, logs in, and asks it who it is. */
export async function dialServer(server: DialedServer, settings: DialSettings, signal: AbortSignal) {
  const { failures, factsNeeded } = settings
  const driver = await drivenBy(failures)
  const { client, replies } = await dialed(driver, server.options, factsCommands(factsNeeded), settings, signal)
  const facts = readFacts(replies, factsNeeded)
  const refusal = facts === null ? failures.corrupt(noFacts) : refusalOf(facts, server, failures)
  if (facts === null || refusal !== null) {
    destroyClient(client)
    throw refusal
  }
  const identity = settings.identify(facts, server.address)
  const { name, address } = server
  return new RedisLink({ name, address, client, driver, failures, identity, runId: facts.runId })
}

/** Sends one command over a connection of its own, as to a sentinel. */
export async function askOnce(
  options: RedisClientOptions,
  command: readonly string[],
  settings: DialSettings,
  signal: AbortSignal,
): Promise<unknown> {
  const driver = await drivenBy(settings.failures)
  const { client, replies } = await dialed(driver, options, [command], settings, signal)
  destroyClient(client)
  return replies[0]
}

async function drivenBy(failures: RedisFailures): Promise<Driver> {
  try {
    return await loadDriver()
  } catch (error) {
    throw failures.unavailable('its driver, @redis/client, could not be loaded: is it installed?', error)
  }
}

function refusalOf(facts: ServerFacts, server: DialedServer, failures: RedisFailures): Error | null {
  const unfit = unfitReason(facts)
  if (unfit !== null) return failures.rejected(unfit)
  if (facts.isLoading) return failures.unavailable('the server is loading its data')
  if (server.mustBeMaster && !facts.isMaster) return failures.unavailable(`${server.address} is not the master`)
  return null
}

async function dialed(
  driver: Driver,
  options: RedisClientOptions,
  commands: readonly (readonly string[])[],
  { failures, connectTimeoutMs }: DialSettings,
  signal: AbortSignal,
): Promise<{ client: DriverClient; replies: unknown[] }> {
  signal.throwIfAborted()
  const client = driver.createClient(safeOptions(options, connectTimeoutMs))
  try {
    await connected(client, signal)
    const replies = await Promise.all(commands.map((command) => client.sendCommand(command)))
    signal.throwIfAborted()
    return { client, replies }
  } catch (error) {
    signal.throwIfAborted()
    destroyClient(client)
    if (error instanceof driver.ErrorReply) throw failures.ofReply(error)
    throw failures.unavailable(`no connection: ${errorText(error)}`, error)
  }
}

/** Destroys the client when the signal is aborted, also after the connection is made. */
function connected(client: DriverClient, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    let hasSocket = false
    // Every failure rejects a call too; without a listener it would end the process. After one that the driver means to
    // survive, an answer that it could not read say, no later answer can be trusted.
    client.on('error', () => destroyClient(client))
    client.on('connect', () => {
      hasSocket = true
      if (signal.aborted) destroyClient(client)
    })
    const abandon = () => {
      // Destroyed before it has its socket, the driver would go on connecting, and keep the socket open for good.
      if (hasSocket) destroyClient(client)
      reject(signal.reason)
    }
    signal.addEventListener('abort', abandon, { once: true })
    client.connect().then(() => resolve(), reject)
  })
}
