import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { postgresReplica } from '../../adapters/postgres/postgres-replica.ts'
import { redisReplica } from '../../adapters/redis/redis-replica.ts'
import { sqliteReplica } from '../../adapters/sqlite/sqlite-replica.ts'
import { keyText, namespacePrefix } from '../../src/core/key.ts'
import { isCorrupt, newValue } from '../../src/core/record.ts'
import { HybridClock } from '../../src/core/version.ts'
import { KeyvQuorum } from '../../src/keyv-quorum.ts'
import { encodePayload } from '../../src/payload.ts'
import type { Replica, VersionAnswer } from '../../src/replica.ts'
import { startPostgres } from '../../test/servers/postgres.ts'
import { startRedis } from '../../test/servers/redis.ts'
import type { TestServer } from '../../test/servers/test-server.ts'

const batchKeys = 1_000
const fillTimeoutMs = 60_000
const valueBytes = 100
const namespace = namespacePrefix(undefined)

/** Redis, PostgreSQL and SQLite with the same keys, and a store over them that sweeps only when it is told to. */
export class Deployment {
  readonly redis: TestServer
  readonly postgres: TestServer
  readonly sqliteUri: string
  readonly store: KeyvQuorum
  readonly keysCount: number
  readonly #replicas: readonly Replica[]
  readonly #folder: string
  #written = 0

  private constructor(servers: readonly [TestServer, TestServer], folder: string, keysCount: number) {
    const [redis, postgres] = servers
    this.redis = redis
    this.postgres = postgres
    this.#folder = folder
    this.sqliteUri = `sqlite://${join(folder, 'records.db')}`
    this.keysCount = keysCount
    this.#replicas = [redisReplica(redis.url), postgresReplica(postgres.url), sqliteReplica(this.sqliteUri)]
    this.store = new KeyvQuorum(this.#replicas, { sweepEveryMs: 0 })
  }

  static async start(keysCount: number): Promise<Deployment> {
    const servers = await Promise.all([startRedis({ controllable: true }), startPostgres({ controllable: true })])
    const folder = await mkdtemp(join(tmpdir(), 'keyv-quorum-bench-'))
    return new Deployment(servers, folder, keysCount)
  }

  /** For who reads all that the replicas hold in a plain way. */
  get replicas(): readonly Replica[] {
    return this.#replicas
  }

  /** Straight through the adapters, the same records everywhere, and one full sweep, which incremental ones go on from. */
  async fill(): Promise<void> {
    const clock = new HybridClock('000000000001')
    for (let start = 0; start < this.keysCount; start += batchKeys) {
      const length = Math.min(batchKeys, this.keysCount - start)
      const entries = Array.from({ length }, (_, place) => {
        const payload = encodePayload(valueFor(start + place))
        return { record: newValue(textOf(start + place), clock.next(Date.now()), payload, null) }
      })
      await Promise.all(this.#replicas.map((each) => each.putManyIfNewer(entries, { timeoutMs: fillTimeoutMs })))
    }
    await this.sweepFully()
  }

  async sweepFully() {
    return complete(await this.store.sweep({ keysPerSecond: Number.POSITIVE_INFINITY }))
  }

  async sweepChanges() {
    return complete(await this.store.sweep({ kind: 'incremental', keysPerSecond: Number.POSITIVE_INFINITY }))
  }

  /** Takes so many keys, spread over all, away from one replica each; the replicas have turns. */
  async makeDiffer(keysDiffering: number): Promise<void> {
    const stride = Math.floor(this.keysCount / Math.max(1, keysDiffering))
    const texts = Array.from({ length: keysDiffering }, (_, place) => textOf(place * stride))
    const options = { timeoutMs: fillTimeoutMs }
    for (const [member, replica] of this.#replicas.entries()) {
      const own = texts.filter((_, place) => place % this.#replicas.length === member)
      for (let start = 0; start < own.length; start += batchKeys) {
        const answers = await replica.getVersions(own.slice(start, start + batchKeys), options)
        const heads = answers.filter((answer) => answer !== null).filter((answer) => !isCorrupt(answer))
        await replica.purgeMany(heads, options)
      }
    }
  }

  /** New values for so many keys, through the store; waits until all replicas have taken them, not only w. */
  async write(keysWritten: number): Promise<void> {
    const stride = Math.floor(this.keysCount / keysWritten)
    this.#written += 1
    for (let start = 0; start < keysWritten; start += batchKeys) {
      const length = Math.min(batchKeys, keysWritten - start)
      const entries = Array.from({ length }, (_, place) => {
        const index = (start + place) * stride
        return { key: keyFor(index), value: valueFor(index + this.#written) }
      })
      const areWritten = await this.store.setMany(entries)
      if (!areWritten.every(Boolean)) throw new Error('the store did not take a write')
      await this.#settle(entries.map(({ key }) => keyText(namespace, key)))
    }
  }

  async #settle(texts: readonly string[]): Promise<void> {
    const deadlineMs = performance.now() + fillTimeoutMs
    for (let areSame = false; !areSame; ) {
      const heads = await Promise.all(
        this.#replicas.map((each) => each.getVersions(texts, { timeoutMs: fillTimeoutMs })),
      )
      const versions = heads.map((answers) => JSON.stringify(answers.map(versionOf)))
      areSame = versions.every((each) => each === versions[0])
      if (!areSame && performance.now() > deadlineMs) throw new Error('the replicas did not all take a write')
    }
  }

  async close(): Promise<void> {
    await this.store.disconnect()
    await Promise.all([this.redis.stop(), this.postgres.stop()])
    await rm(this.#folder, { recursive: true, force: true })
  }
}

function versionOf(answer: VersionAnswer): string | null {
  return answer === null || isCorrupt(answer) ? null : answer.version
}

export function keyFor(index: number): string {
  return `user:${index}`
}

export function isOurs(text: string): boolean {
  return text.startsWith(namespace)
}

function textOf(index: number): string {
  return keyText(namespace, keyFor(index))
}

function valueFor(index: number): string {
  return index.toString(36).padEnd(valueBytes, 'v')
}

function complete<Report extends { readonly isComplete: boolean }>(report: Report): Report {
  if (!report.isComplete) throw new Error(`the sweep did not complete: ${JSON.stringify(report)}`)
  return report
}
