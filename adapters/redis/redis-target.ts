/** Options as `@redis/client` takes them: kept as they are, and only the named part is ever looked at. */
export interface RedisClientOptions {
  readonly url?: string
  readonly username?: string
  readonly password?: string
  readonly database?: number
  readonly socket?: RedisSocketOptions
  readonly [option: string]: unknown
}

export interface RedisSocketOptions {
  readonly host?: string
  readonly port?: number
  /** A Unix domain socket, instead of host and port. */
  readonly path?: string
  readonly tls?: boolean
  readonly [option: string]: unknown
}

export interface RedisAddress {
  readonly host: string
  readonly port: number
}

/** Where a node that calls itself by one address is reached from here: `createCluster`'s `nodeAddressMap`. */
export type RedisAddressMap =
  | Readonly<Record<string, RedisAddress | undefined>>
  | ((address: string) => RedisAddress | undefined)

/** What a source of Redis comes down to: whom to connect to, and with which options. */
export type RedisTarget = RedisServerTarget | RedisSentinelTarget | RedisClusterTarget

export interface RedisServerTarget {
  readonly kind: 'server'
  readonly options: RedisClientOptions
}

export interface RedisSentinelTarget {
  readonly kind: 'sentinel'
  readonly masterName: string
  readonly sentinels: readonly RedisAddress[]
  /** How to log in to a sentinel. */
  readonly sentinelOptions: RedisClientOptions
  /** How to log in to the server that they lead to. */
  readonly options: RedisClientOptions
  readonly addressMap?: RedisAddressMap
}

export interface RedisClusterTarget {
  readonly kind: 'cluster'
  /** Nodes to learn the others from. */
  readonly seeds: readonly RedisClientOptions[]
  /** How to log in to every node. */
  readonly options: RedisClientOptions
  readonly addressMap?: RedisAddressMap
}

export const redisPortDefault = 6379
export const sentinelPortDefault = 26379

/** Readable, the same for the same place, and without user or password: `redis://host:6379/0`. */
export function targetId(target: RedisTarget): string {
  const scheme = target.options.socket?.tls === true ? 'rediss' : 'redis'
  const database = target.options.database ?? 0
  switch (target.kind) {
    case 'server':
      return placeId(scheme, target.options, database)
    case 'sentinel':
      return `${scheme}+sentinel://${target.sentinels.map(addressText).join(',')}/${target.masterName}/${database}`
    case 'cluster':
      return `${scheme}+cluster://${target.seeds.map((seed) => addressText(addressOf(seed))).join(',')}`
  }
}

function placeId(scheme: string, options: RedisClientOptions, database: number): string {
  const path = options.socket?.path
  return path === undefined
    ? `${scheme}://${addressText(addressOf(options))}/${database}`
    : `${scheme}+unix://${path}?db=${database}`
}

export function addressOf({ socket }: RedisClientOptions): RedisAddress {
  return { host: socket?.host ?? 'localhost', port: socket?.port ?? redisPortDefault }
}

/** `host:port`, with an IPv6 host in brackets. */
export function addressText({ host, port }: RedisAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** The same options for another address. */
export function optionsAt(options: RedisClientOptions, address: RedisAddress): RedisClientOptions {
  const { path: _path, ...socket } = options.socket ?? {}
  return { ...options, socket: { ...socket, ...address } }
}

export function mappedAddress(address: RedisAddress, map: RedisAddressMap | undefined): RedisAddress {
  if (map === undefined) return address
  const text = `${address.host}:${address.port}`
  return (typeof map === 'function' ? map(text) : map[text]) ?? address
}
