import { ConfigError } from '../../src/errors.ts'
import {
  optionsAt,
  type RedisAddress,
  type RedisClientOptions,
  type RedisTarget,
  redisPortDefault,
  sentinelPortDefault,
} from './redis-target.ts'

const scheme = /^redis(s?)(?:\+(sentinel|cluster))?:\/\//

export function isRedisUri(text: string): boolean {
  return scheme.test(text)
}

/**
 * Reads `redis://[user[:password]@]host[:port][/db]`, `redis+cluster://…host:port,host:port` and
 * `redis+sentinel://…host:port,host:port/masterName[/db]`; `rediss` in place of `redis` means TLS. What comes after `?`
 * or `#` is ignored, as the official driver does.
 *
 * Read here and not by the driver, whose errors repeat the URI with its password.
 *
 * @throws ConfigError when it is none of these; the message repeats nothing of it
 */
export function parseRedisUri(text: string): RedisTarget {
  const [whole = '', tls, topology = 'server'] = scheme.exec(text) ?? []
  if (whole === '') throw invalid('a URI that starts with redis://, rediss://, redis+cluster:// or redis+sentinel://')
  const [, authority = '', path = ''] = /^([^/?#]*)\/?([^?#]*)/.exec(text.slice(whole.length)) ?? []
  const loginEnd = authority.lastIndexOf('@')
  const login = loginEnd < 0 ? {} : loginOf(authority.slice(0, loginEnd))
  const parts = {
    login: { ...login, socket: { tls: tls === 's' } },
    places: authority.slice(loginEnd + 1),
    segments: path.split('/').filter((segment) => segment !== ''),
  }
  if (topology === 'sentinel') return sentinelTarget(parts)
  return topology === 'cluster' ? clusterTarget(parts) : serverTarget(parts)
}

interface UriParts {
  readonly login: RedisClientOptions
  readonly places: string
  readonly segments: readonly string[]
}

function serverTarget({ login, places, segments }: UriParts): RedisTarget {
  const [address, ...more] = addressesOf(places, redisPortDefault)
  if (address === undefined || more.length > 0) throw invalid('redis:// with a single host')
  return { kind: 'server', options: { ...optionsAt(login, address), ...databaseOf(segments) } }
}

function sentinelTarget({ login, places, segments: [name = '', ...segments] }: UriParts): RedisTarget {
  if (name === '') throw invalid('redis+sentinel:// with the name of the master as its path')
  return {
    kind: 'sentinel',
    masterName: decoded(name),
    sentinels: addressesOf(places, sentinelPortDefault),
    sentinelOptions: { ...(login.socket && { socket: login.socket }) },
    options: { ...login, ...databaseOf(segments) },
  }
}

function clusterTarget({ login, places, segments }: UriParts): RedisTarget {
  if (databaseOf(segments).database !== undefined) {
    throw invalid('redis+cluster:// without a database: a cluster has only database 0')
  }
  const seeds = addressesOf(places, redisPortDefault).map((address) => optionsAt(login, address))
  return { kind: 'cluster', seeds, options: login }
}

function loginOf(text: string): { username?: string; password?: string } {
  const colon = text.indexOf(':')
  const username = decoded(colon < 0 ? text : text.slice(0, colon))
  const password = colon < 0 ? '' : decoded(text.slice(colon + 1))
  return { ...(username === '' ? {} : { username }), ...(password === '' ? {} : { password }) }
}

/** No name of a host holds `%` or `@`: a login whose `:` and `@` were percent-encoded would pass for one, and be shown. */
function addressesOf(text: string, portDefault: number): RedisAddress[] {
  return text.split(',').map((place) => {
    const [whole, bracketed, host, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]%@]*))(?::(\d+))?$/.exec(place) ?? []
    if (whole === undefined || Number(port ?? portDefault) > 65_535) throw invalid('redis:// with host:port')
    return { host: bracketed ?? (host || 'localhost'), port: Number(port ?? portDefault) }
  })
}

function databaseOf(segments: readonly string[]): { database?: number } {
  const [segment = '0', ...more] = segments
  if (more.length > 0 || !/^\d{1,9}$/.test(segment)) throw invalid('redis:// with the number of a database as its path')
  return Number(segment) === 0 ? {} : { database: Number(segment) }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalid('redis:// with percent-encoded text that can be decoded')
  }
}

function invalid(expected: string): ConfigError {
  return new ConfigError('redis', expected)
}
