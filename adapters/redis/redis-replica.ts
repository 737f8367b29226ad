import { ConfigError } from '../../src/errors.ts'
import type { ChangesOptions, Replica } from '../../src/replica.ts'
import { systemRuntime } from '../../src/runtime.ts'
import { ClusterMap } from './cluster-map.ts'
import { ClusterRoutes } from './cluster-routes.ts'
import { type Dial, type DialSettings, dialServer } from './dial.ts'
import { RedisCalls } from './redis-calls.ts'
import { RedisConnection } from './redis-connection.ts'
import { RedisFailures } from './redis-failures.ts'
import { checkedOptions, type RedisReplicaOptions } from './redis-options.ts'
import type { RedisRoutes } from './redis-routes.ts'
import { type RedisSource, redisGuarantees, redisLimits, redisTarget } from './redis-source.ts'
import { addressOf, addressText, type RedisTarget, targetId } from './redis-target.ts'
import { sentinelDial } from './sentinel-dial.ts'
import type { FactsNeeded, ServerFacts } from './server-facts.ts'
import { SingleRoutes, singleName } from './single-routes.ts'
import { StoredKeys } from './stored-keys.ts'

export type { RedisReplicaOptions } from './redis-options.ts'
export type { RedisSource } from './redis-source.ts'

/**
 * A replica in Redis 6.2 or later, of one server, of the master that sentinels lead to, or of a cluster. Needs
 * `@redis/client`, which is loaded at the first call; the replica connects when it is first called too, over connections
 * of its own.
 *
 * Every record is one string: the text of `core/record.ts` under the key prefix and the key. Puts are Lua scripts, so
 * each is atomic. Only masters are read, because what follows them lags behind.
 *
 * A login needs these commands: `get set mset mget getrange setrange strlen bitfield exists unlink rename pexpire
 * pexpireat persist xadd xrange xrevrange eval evalsha scan multi exec info`, in a cluster also `cluster asking`, and `select` for another database than 0.
 *
 * The server must not evict (`maxmemory-policy noeviction`, or `volatile-…` where records that expire may go early):
 * what it evicts is lost without a trace.
 *
 * @throws ConfigError when the source cannot be read or an option is not valid
 */
export function redisReplica(source: RedisSource, options: RedisReplicaOptions = {}): Replica {
  const target = redisTarget(source)
  if (target === null) {
    throw new ConfigError('redis', 'a redis:// URI, a KeyvRedis, or a client of @redis/client or its options')
  }
  const { keyPrefix, expiryMarginMs, connectTimeoutMs, durability, changesMax } = checkedOptions(options)
  const id = options.id ?? targetId(target)
  const runtime = options.runtime ?? systemRuntime
  const failures = new RedisFailures(id)
  const stored = new StoredKeys(keyPrefix)
  const factsNeeded: FactsNeeded = { nodeId: target.kind === 'cluster', fsync: durability === 'aof-fsync-always' }
  const identify = (facts: ServerFacts, address: string): string => {
    const survives = facts.isAppendOnly && (!factsNeeded.fsync || facts.isFsyncAlways)
    const who = facts.nodeId || (target.kind === 'sentinel' ? address : '')
    return survives ? `${who} kept ${facts.promotedFrom}` : `${who} run ${facts.runId}`
  }
  const dialing: DialSettings = { failures, connectTimeoutMs, factsNeeded, identify }
  const routes = routesOf(target, dialing, stored, runtime)
  // A script names keys of one slot, so that the puts of a cluster cannot share a log.
  const logMax = target.kind === 'cluster' ? 0 : changesMax
  const parts = { routes, stored, failures, runtime, expiryMarginMs, changesMax: logMax, factsNeeded, identify }
  const calls = new RedisCalls(parts)
  return {
    id,
    guarantees: redisGuarantees,
    limits: redisLimits,
    getMany: (keys, { timeoutMs }) => calls.getMany(keys, timeoutMs),
    getVersions: (keys, { timeoutMs }) => calls.getVersions(keys, timeoutMs),
    putManyIfNewer: (entries, { timeoutMs }) => calls.putManyIfNewer(entries, timeoutMs),
    purgeMany: (heads, { timeoutMs }) => calls.purgeMany(heads, timeoutMs),
    scan: (range, scanOptions) => calls.scan(range, scanOptions),
    digest: (range, digestOptions) => calls.digest(range, digestOptions),
    ...(logMax === 0
      ? {}
      : { changes: (after: string | null, changesOptions: ChangesOptions) => calls.changes(after, changesOptions) }),
    lineage: ({ timeoutMs }) => calls.lineage(timeoutMs),
    close: () => calls.close(),
  }
}

function routesOf(
  target: RedisTarget,
  dialing: DialSettings,
  stored: StoredKeys,
  runtime: typeof systemRuntime,
): RedisRoutes {
  const { failures, connectTimeoutMs } = dialing
  if (target.kind === 'cluster') return new ClusterRoutes(new ClusterMap(target, dialing, runtime), stored, failures)
  const dial: Dial = target.kind === 'sentinel' ? sentinelDial(target, dialing) : serverDial(target, dialing)
  return new SingleRoutes(new RedisConnection({ dial, connectTimeoutMs, failures, runtime }), stored, failures)
}

function serverDial({ options }: RedisTarget & { kind: 'server' }, dialing: DialSettings): Dial {
  const server = { name: singleName, address: addressText(addressOf(options)), options, mustBeMaster: false }
  return (signal) => dialServer(server, dialing, signal)
}
