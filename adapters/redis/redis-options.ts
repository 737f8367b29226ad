import { ConfigError } from '../../src/errors.ts'
import type { Runtime } from '../../src/runtime.ts'

export interface RedisReplicaOptions {
  /** Names the replica in hints, events and errors. Default: what `describeRedisSource` tells, as `redis://host:6379/0`. */
  readonly id?: string
  /**
   * What every key in Redis starts with. Only such keys are touched. In a cluster, a prefix with a hash tag (`{kq}:`)
   * keeps everything at one node. Default: `kq:`.
   */
  readonly keyPrefix?: string
  /**
   * How much later than its retention, in ms, a record expires in Redis itself: only a backstop for what nobody purges,
   * so more than the clocks of the clients and the server are apart, and no less than the `deadlineMs` of the store: an
   * older write that is still under way must find it. Default: 5,000.
   */
  readonly expiryMarginMs?: number
  /** How long making a connection may take, in ms; calls that wait for it have their own limits. Default: 2,000. */
  readonly connectTimeoutMs?: number
  /**
   * When a restart of the server is taken to have lost nothing, so that the lineage stays. `aof`: while its append-only
   * file is on. With `appendfsync everysec`, a crash of the machine (not of the process) may still lose the last second
   * or two of acknowledged writes without a trace; read repair and sweeps bring them back from the other replicas, but
   * until then a quorum read may miss them. `aof-fsync-always`: only while `appendfsync` is `always`, which needs
   * permission for `CONFIG GET`. Default: `aof`.
   */
  readonly durability?: 'aof' | 'aof-fsync-always'
  /**
   * The most entries of the log of changes, which has one for each batch of puts, or more for batches of many keys; 0 for
   * no log. All clients of a server have to agree on whether there is one. It takes about as much memory as the names of the
   * keys put. A cluster has none. Default: 100,000.
   */
  readonly changesMax?: number
  /** Where time and chance come from. Default: the system's. */
  readonly runtime?: Runtime
}

export const redisDefaults = {
  keyPrefix: 'kq:',
  expiryMarginMs: 5_000,
  connectTimeoutMs: 2_000,
  durability: 'aof',
  changesMax: 100_000,
} as const

/** The longest delay that a timer of JavaScript can hold. */
const timerMaxMs = 2 ** 31 - 1
const marginMaxMs = 2 ** 40
const logEntriesMax = 2 ** 31 - 1

/** @throws ConfigError */
export function checkedOptions(options: RedisReplicaOptions): Required<Omit<RedisReplicaOptions, 'id' | 'runtime'>> {
  const { keyPrefix, expiryMarginMs, connectTimeoutMs, durability, changesMax } = {
    ...redisDefaults,
    ...defined(options),
  }
  if (typeof keyPrefix !== 'string' || !keyPrefix.isWellFormed()) throw new ConfigError('keyPrefix', 'well-formed text')
  checkMs('expiryMarginMs', expiryMarginMs, 0, marginMaxMs)
  checkMs('connectTimeoutMs', connectTimeoutMs, 1, timerMaxMs)
  if (durability !== 'aof' && durability !== 'aof-fsync-always') {
    throw new ConfigError('durability', "'aof' or 'aof-fsync-always'")
  }
  if (!Number.isInteger(changesMax) || changesMax < 0 || changesMax > logEntriesMax) {
    throw new ConfigError('changesMax', `a whole number of entries from 0 to ${logEntriesMax}`)
  }
  return { keyPrefix, expiryMarginMs, connectTimeoutMs, durability, changesMax }
}

function checkMs(field: string, value: unknown, min: number, max: number): void {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw new ConfigError(field, `a whole number of ms, ${min} or more`)
  }
}

function defined(options: RedisReplicaOptions): RedisReplicaOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}
