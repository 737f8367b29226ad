import type { Driver, DriverClient, RedisArgument } from '../../../adapters/redis/driver.ts'
import { RedisCalls } from '../../../adapters/redis/redis-calls.ts'
import { RedisConnection } from '../../../adapters/redis/redis-connection.ts'
import { RedisFailures } from '../../../adapters/redis/redis-failures.ts'
import { RedisLink } from '../../../adapters/redis/redis-link.ts'
import { redisGuarantees, redisLimits } from '../../../adapters/redis/redis-source.ts'
import { factsCommands, readFacts, type ServerFacts } from '../../../adapters/redis/server-facts.ts'
import { SingleRoutes, singleName } from '../../../adapters/redis/single-routes.ts'
import { StoredKeys } from '../../../adapters/redis/stored-keys.ts'
import type { Replica } from '../../../src/replica.ts'
import { type End, endOf } from '../../support/end-of.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { SimulatedTime } from '../../support/simulated-time.ts'
import { FakeRedis } from './fake-redis.ts'
import { FakeErrorReply } from './reply.ts'

/** What becomes of a reply on its way to the adapter; `commands` counts those sent before it. */
export type Meddle = (reply: unknown, args: readonly string[], commands: number) => Meddled
export type Meddled = { readonly reply: unknown } | 'never' | 'broken'

export const truth: Meddle = (reply) => ({ reply })

const factsNeeded = { nodeId: false, fsync: false }
const waitsMax = 1_000
const waitStepMs = 500

/** The adapter over a server that is none, under simulated time, with somebody between them who may meddle. */
export class RedisScene {
  readonly time: SimulatedTime = new SimulatedTime(Date.UTC(2026, 0))
  readonly server: FakeRedis
  readonly replica: Replica
  meddle: Meddle = truth
  /** How long every reply takes, in simulated ms. */
  replyMs = 0
  /** How many more commands are answered: whoever needs more goes on for ever. */
  commandsLeft = 5_000
  #commands = 0

  constructor(server: FakeRedis = new FakeRedis()) {
    this.server = server
    const runtime = this.time.runtime({ random: seededRandom(3) })
    const failures = new RedisFailures('redis://fake:6379/0')
    const stored = new StoredKeys('kq:')
    const dial = async () => this.#link(failures)
    const connection = new RedisConnection({ dial, connectTimeoutMs: 1_000, failures, runtime })
    const routes = new SingleRoutes(connection, stored, failures)
    const parts = { routes, stored, failures, runtime, factsNeeded, identify }
    this.replica = replicaOf(new RedisCalls({ ...parts, expiryMarginMs: 5_000, changesMax: 100_000 }))
  }

  get commands(): number {
    return this.#commands
  }

  /** Lets time pass until a call has ended, well or not; fails when it never does, or sends too many commands. */
  async ended<Answer>(call: Promise<Answer>): Promise<Answer> {
    const end: End<Answer> = endOf(call)
    await this.time.settle()
    for (let wait = 0; end.state === 'open' && wait < waitsMax; wait += 1) await this.time.advance(waitStepMs)
    if (this.commandsLeft < 0) throw new Error('a call sends commands without end')
    if (end.state === 'open') throw new Error(`a call had not ended after ${waitsMax * waitStepMs} ms`)
    return call
  }

  #link(failures: RedisFailures): RedisLink {
    const driver: Driver = { createClient: () => this.#client(), ErrorReply: FakeErrorReply }
    const facts = readFacts(
      factsCommands(factsNeeded).map((args) => this.server.answer(args)),
      factsNeeded,
    )
    if (facts === null) throw new Error('the server does not tell who it is')
    const place = { name: singleName, address: 'fake:6379', runId: facts.runId, identity: identify(facts) }
    return new RedisLink({ ...place, client: driver.createClient({}), driver, failures })
  }

  #client(): DriverClient {
    const client = {
      isReady: true,
      on: () => undefined,
      connect: async () => undefined,
      sendCommand: (args: readonly RedisArgument[]) => this.#sent(args.map(String)),
      destroy: () => {
        client.isReady = false
      },
    }
    return client
  }

  async #sent(args: readonly string[]): Promise<unknown> {
    this.#commands += 1
    this.commandsLeft -= 1
    if (this.commandsLeft < 0) return new Promise(() => undefined)
    const meddled = this.meddle(this.server.answer(args), args, this.#commands - 1)
    if (this.replyMs > 0) await new Promise<void>((resolve) => this.time.timers.after(this.replyMs, resolve))
    if (meddled === 'never') return new Promise(() => undefined)
    if (meddled === 'broken') throw new Error('Socket closed unexpectedly')
    if (meddled.reply instanceof FakeErrorReply) throw meddled.reply
    return meddled.reply
  }
}

function identify({ isAppendOnly, promotedFrom, runId }: ServerFacts): string {
  return isAppendOnly ? ` kept ${promotedFrom}` : ` run ${runId}`
}

function replicaOf(calls: RedisCalls): Replica {
  return {
    id: 'redis://fake:6379/0',
    guarantees: redisGuarantees,
    limits: redisLimits,
    getMany: (keys, { timeoutMs }) => calls.getMany(keys, timeoutMs),
    getVersions: (keys, { timeoutMs }) => calls.getVersions(keys, timeoutMs),
    putManyIfNewer: (entries, { timeoutMs }) => calls.putManyIfNewer(entries, timeoutMs),
    purgeMany: (heads, { timeoutMs }) => calls.purgeMany(heads, timeoutMs),
    scan: (range, options) => calls.scan(range, options),
    digest: (range, options) => calls.digest(range, options),
    changes: (after, options) => calls.changes(after, options),
    lineage: ({ timeoutMs }) => calls.lineage(timeoutMs),
    close: () => calls.close(),
  }
}
