import type { ReplicaGuarantees, ReplicaLimits } from '../../src/replica.ts'
import { recordedOptions } from './recorded-options.ts'
import {
  type RedisAddress,
  type RedisAddressMap,
  type RedisClientOptions,
  type RedisTarget,
  sentinelPortDefault,
  targetId,
} from './redis-target.ts'
import { isRedisUri, parseRedisUri } from './redis-uri.ts'

/**
 * What a Redis replica can be opened from. Only the address and the options are read out of it: the replica makes its
 * own connections.
 *
 * - A URI: `redis://[user[:password]@]host[:port][/db]`, `rediss://` for TLS, `redis+cluster://host:port,host:port`,
 *   `redis+sentinel://host:port,host:port/masterName[/db]`.
 * - A `KeyvRedis` of `@keyv/redis` 5 or 6.
 * - A client, cluster or sentinel of `@redis/client` or `redis`, connected or not. A sentinel of series 5 keeps its
 *   options to itself: give the options that it was made with.
 * - The options that `createClient`, `createCluster` or `createSentinel` take.
 */
export type RedisSource = string | KeyvRedisLike | RedisClientLike | RedisOptionsLike

export interface KeyvRedisLike {
  readonly client: object
}

export interface RedisClientLike {
  readonly isOpen: boolean
  sendCommand(...command: never[]): unknown
}

/** Of `createClient`, `createCluster` or `createSentinel`. */
export interface RedisOptionsLike {
  readonly url?: string
  readonly socket?: object
  readonly rootNodes?: readonly object[]
  readonly sentinelRootNodes?: readonly object[]
}

export const redisGuarantees: ReplicaGuarantees = { putIfNewer: 'atomic', sharedBy: 'network', backend: 'redis' }

/** Calls are pipelined over one connection, so a few more of them keep it busy while others are answered. */
export const redisLimits: ReplicaLimits = { batchKeysMax: 1000, callsInFlightMax: 16 }

/**
 * The id of the replica that {@link RedisSource} opens, as in `redis://host:6379/0`; without user and password. Null
 * when the source is not Redis, or nothing can be read out of it. Imports no driver and connects to nothing.
 *
 * @throws ConfigError when it is a Redis URI that cannot be read
 */
export function describeRedisSource(source: unknown): { readonly id: string } | null {
  const target = redisTarget(source)
  return target === null ? null : { id: targetId(target) }
}

export function redisTarget(source: unknown): RedisTarget | null {
  if (typeof source === 'string') return isRedisUri(source) ? parseRedisUri(source) : null
  if (!isObject(source)) return null
  if (isClientLike(source)) return targetOfClient(source)
  if ('client' in source && isObject(source.client) && isClientLike(source.client)) {
    return targetOfClient(source.client)
  }
  return isPlain(source) ? targetOfOptions(source) : null
}

type Fields = Readonly<Record<string, unknown>>

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Clients, clusters and sentinels of the official driver have both; those of ioredis do not. */
function isClientLike(value: Fields): boolean {
  return typeof value.sendCommand === 'function' && typeof value.isOpen === 'boolean'
}

function targetOfClient(client: Fields): RedisTarget | null {
  if (isObject(client.options)) return targetOfOptions(client.options) ?? serverTarget(client.options)
  const options = recordedOptions(client)
  return isObject(options) ? targetOfOptions(options) : null
}

function targetOfOptions(options: Fields): RedisTarget | null {
  if (Array.isArray(options.sentinelRootNodes)) return sentinelTarget(options)
  if (Array.isArray(options.rootNodes)) return clusterTarget(options)
  if (typeof options.url === 'string' ? isRedisUri(options.url) : isObject(options.socket)) return serverTarget(options)
  return null
}

function serverTarget(options: Fields): RedisTarget {
  return { kind: 'server', options: withParsedUrl(options) }
}

function sentinelTarget(options: Fields): RedisTarget | null {
  if (typeof options.name !== 'string') return null
  return {
    kind: 'sentinel',
    masterName: options.name,
    sentinels: (options.sentinelRootNodes as readonly unknown[]).map((place) => addressIn(place, sentinelPortDefault)),
    sentinelOptions: withParsedUrl(options.sentinelClientOptions),
    options: withParsedUrl(options.nodeClientOptions),
    ...addressMapIn(options),
  }
}

function clusterTarget(options: Fields): RedisTarget {
  const shared = withParsedUrl(options.defaults)
  const seeds = (options.rootNodes as readonly unknown[]).map((node) => {
    const own = withParsedUrl(node)
    return { ...shared, ...own, socket: { ...shared.socket, ...own.socket } }
  })
  return { kind: 'cluster', seeds, options: shared, ...addressMapIn(options) }
}

/** What a URL says wins over the other options, as it does in the driver. */
function withParsedUrl(given: unknown): RedisClientOptions {
  if (!isObject(given)) return {}
  const options: RedisClientOptions = given
  if (typeof options.url !== 'string' || !isRedisUri(options.url)) return options
  const { url, ...others } = options
  const target = parseRedisUri(url)
  return { ...others, ...target.options, socket: { ...others.socket, ...target.options.socket } }
}

function addressIn(place: unknown, portDefault: number): RedisAddress {
  const { host, port } = isObject(place) ? place : {}
  return {
    host: typeof host === 'string' ? host : 'localhost',
    port: typeof port === 'number' ? port : portDefault,
  }
}

function addressMapIn({ nodeAddressMap }: Fields): { addressMap?: RedisAddressMap } {
  if (typeof nodeAddressMap !== 'function' && !isObject(nodeAddressMap)) return {}
  return { addressMap: nodeAddressMap as RedisAddressMap }
}
