import * as v from 'valibot'
import { ConfigError } from '../../src/errors.ts'
import { checkedOptions, type RedisReplicaOptions } from '../redis/redis-options.ts'
import { describeRedisSource, type RedisSource, redisGuarantees, redisLimits } from '../redis/redis-source.ts'
import { isRedisUri } from '../redis/redis-uri.ts'
import type { Backend, OpenPlan } from './backend.ts'
import { withCredentials } from './credentials.ts'
import { commonSettings, numberSetting, readSettings, required, textSetting } from './settings.ts'

/** A Redis replica as configuration files name it. */
export interface RedisSettings extends Omit<RedisReplicaOptions, 'runtime'> {
  readonly use: 'redis'
  /** `redis://host:port/database`, `rediss://…`, `redis+cluster://…` or `redis+sentinel://…`. */
  readonly url: string
  /** In place of credentials in `url`; need not be percent-encoded. */
  readonly username?: string
  readonly password?: string
}

const schema = v.object({
  ...commonSettings,
  url: v.exactOptional(v.string('a redis:// URI')),
  username: textSetting,
  password: textSetting,
  keyPrefix: textSetting,
  expiryMarginMs: numberSetting,
  connectTimeoutMs: numberSetting,
  changesMax: numberSetting,
  durability: v.exactOptional(v.picklist(['aof', 'aof-fsync-always'], "'aof' or 'aof-fsync-always'")),
})

export const redisBackend: Backend = {
  name: 'redis',
  schemes: [
    'redis://',
    'rediss://',
    'redis+cluster://',
    'rediss+cluster://',
    'redis+sentinel://',
    'rediss+sentinel://',
  ],
  driver: '@redis/client',
  addressSetting: 'url',
  planSource: (source) => plan(source, {}),
  planSettings(settings, field) {
    const { url, username, password, ...options } = readSettings(schema, settings, field)
    const address = required(url, `${field}.url`, 'a redis:// URI')
    return plan(withCredentials(address, { username, password }, field), options)
  },
}

function plan(source: unknown, options: RedisReplicaOptions): OpenPlan | null {
  if (typeof source === 'string') assertEncoded(source)
  const described = describeRedisSource(source)
  if (described === null) return null
  checkedOptions(options)
  const id = options.id ?? described.id
  return {
    id,
    guarantees: redisGuarantees,
    limits: redisLimits,
    async load() {
      const [{ redisReplica }, { loadDriver }] = await Promise.all([
        import('../redis/redis-replica.ts'),
        import('../redis/driver.ts'),
      ])
      await loadDriver()
      return () => redisReplica(source as RedisSource, { ...options, id })
    },
  }
}

/** An unescaped / ? # in a password ends the host early: the rest would pass for a database, or be ignored. */
function assertEncoded(uri: string): void {
  const afterScheme = uri.slice(uri.indexOf('://') + '://'.length)
  if (!isRedisUri(uri) || !afterScheme.includes('@', afterScheme.search(/[/?#]|$/))) return
  throw new ConfigError(
    'redis',
    'redis://user:password@host:port/database, with / ? # in the password written as %2F %3F %23',
  )
}
