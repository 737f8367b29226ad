import { assertDriverInstalled } from '../../adapters/open/driver.ts'
import { isPostgresUri } from '../../adapters/postgres/postgres-uri.ts'
import { isRedisUri } from '../../adapters/redis/redis-uri.ts'
import { ConfigError } from '../../src/errors.ts'
import type { ClosableSource, UriSourceOptions } from './closable-source.ts'
import { postgresSource } from './postgres-source.ts'
import { redisSource } from './redis-source.ts'
import { sqliteSource } from './sqlite-source.ts'

/**
 * The entries that a Keyv keeps in a Redis, a PostgreSQL or a SQLite database, read by the driver and not by the official
 * adapter: those of keyv 6 change the tables of keyv 5 as soon as they connect, and lists of both may end early. Nothing is
 * written to the source.
 *
 * @throws ConfigError when the URI cannot be used, or its driver is not installed
 */
export function uriSource(uri: string, options: UriSourceOptions): ClosableSource {
  const field = 'SOURCE'
  if (isRedisUri(uri)) {
    assertDriverInstalled('@redis/client', field)
    return redisSource(uri, options)
  }
  if (isPostgresUri(uri)) {
    assertDriverInstalled('pg', field)
    return postgresSource(uri, options)
  }
  if (uri.startsWith('sqlite://')) return sqliteSource(uri, options)
  throw new ConfigError(field, 'a URI with one of redis://, rediss://, postgres://, sqlite://')
}
