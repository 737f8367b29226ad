import { spread } from '../load.ts'
import { ConnectionBytes } from './connections.ts'
import type { Deployment } from './deployment.ts'
import { PostgresWatch, RedisWatch } from './server-cpu.ts'
import { undisturbed } from './undisturbed.ts'

/** What something cost. CPU in ms. */
export interface Figures {
  readonly seconds: number
  readonly redisCpuMs: number
  readonly postgresCpuMs: number
  /** Of all threads of this process but the main one: SQLite's, with a little garbage collection. */
  readonly sqliteCpuMs: number
  /** Of the main thread of this process. */
  readonly clientCpuMs: number
  readonly redisBytes: number
  readonly postgresBytes: number
  readonly longestRedisCommandMs: number
}

const connectionBytes = new ConnectionBytes()

/** Measures what the servers and this process do meanwhile. */
export class Meter {
  readonly #deployment: Deployment
  readonly #redis: RedisWatch
  readonly #postgres: PostgresWatch

  private constructor(deployment: Deployment, redis: RedisWatch, postgres: PostgresWatch) {
    this.#deployment = deployment
    this.#redis = redis
    this.#postgres = postgres
  }

  static async open(deployment: Deployment): Promise<Meter> {
    const redis = await RedisWatch.open(deployment.redis.url)
    return new Meter(deployment, redis, await PostgresWatch.open(deployment.postgres.url))
  }

  async measure(work: () => Promise<unknown>): Promise<Figures> {
    await this.#redis.longestCommandMs()
    const before = await this.#read()
    const beganAtMs = performance.now()
    await work()
    const seconds = (performance.now() - beganAtMs) / 1_000
    const after = await this.#read()
    const spent = (name: keyof typeof before) => after[name] - before[name]
    return {
      seconds,
      redisCpuMs: spent('redisCpuMs'),
      postgresCpuMs: spent('postgresCpuMs'),
      sqliteCpuMs: spent('processCpuMs') - spent('clientCpuMs'),
      clientCpuMs: spent('clientCpuMs'),
      redisBytes: spent('redisBytes'),
      postgresBytes: spent('postgresBytes'),
      longestRedisCommandMs: await this.#redis.longestCommandMs(),
    }
  }

  /** Does the work while nothing takes the processor from Redis. @returns whether that could be had */
  async withRedisUndisturbed(work: () => Promise<void>): Promise<boolean> {
    return undisturbed(await this.#redis.processId(), work)
  }

  close(): void {
    this.#redis.close()
  }

  async #read() {
    const { redis, postgres } = this.#deployment
    return {
      redisCpuMs: await this.#redis.cpuMs(),
      postgresCpuMs: this.#postgres.cpuMs(),
      processCpuMs: totalMs(process.cpuUsage()),
      clientCpuMs: totalMs(process.threadCpuUsage()),
      redisBytes: connectionBytes.of(redis.port),
      postgresBytes: connectionBytes.of(postgres.port),
    }
  }
}

export function bytesOf({ redisBytes, postgresBytes }: Figures): number {
  return redisBytes + postgresBytes
}

export function serverCpuMsOf({ redisCpuMs, postgresCpuMs, sqliteCpuMs }: Figures): number {
  return redisCpuMs + postgresCpuMs + sqliteCpuMs
}

/** The median of each figure. */
export function medianFigures(all: readonly Figures[]): Figures {
  const median = (name: keyof Figures) => Number(spread(all.map((figures) => figures[name])).median.toFixed(3))
  return {
    seconds: median('seconds'),
    redisCpuMs: median('redisCpuMs'),
    postgresCpuMs: median('postgresCpuMs'),
    sqliteCpuMs: median('sqliteCpuMs'),
    clientCpuMs: median('clientCpuMs'),
    redisBytes: median('redisBytes'),
    postgresBytes: median('postgresBytes'),
    longestRedisCommandMs: median('longestRedisCommandMs'),
  }
}

function totalMs({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1_000
}
