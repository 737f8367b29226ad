import type { ConfiguredSource } from '../../src/config.ts'
import type { Replica } from '../../src/replica.ts'
import type { KeyvReplicaOptions } from '../keyv/keyv-replica.ts'
import type { KeyvStoreLike } from '../keyv/keyv-source.ts'
import type { PostgresSource } from '../postgres/postgres-source.ts'
import type { RedisSource } from '../redis/redis-source.ts'
import type { SqliteSource } from '../sqlite/sqlite-source.ts'
import type { PostgresSettings } from './postgres-backend.ts'
import type { RedisSettings } from './redis-backend.ts'
import type { SqliteSettings } from './sqlite-backend.ts'

/**
 * What one replica can be opened from:
 *
 * - a URI: `redis://…`, `postgres://…`, `sqlite://path`, `memory://name`;
 * - `{ use: 'redis', url, … }` and the like, with the options of the adapter;
 * - a Keyv adapter for Redis, PostgreSQL or SQLite, or a client of their drivers: the replica reads the address out of
 *   it and opens connections of its own;
 * - any other Keyv store;
 * - a ready {@link Replica}.
 */
export type ReplicaSource =
  | string
  | RedisSettings
  | PostgresSettings
  | SqliteSettings
  | MemorySettings
  | KeyvSettings
  | RedisSource
  | PostgresSource
  | SqliteSource
  | KeyvStoreLike
  | Replica
  | ConfiguredSource

/** A replica in the memory of this process. */
export interface MemorySettings {
  readonly use: 'memory'
  /** Default: `memory:` and the place in the list, from 1. */
  readonly id?: string
  /** The most keys in its log of changes, 1 or more. Default: 100,000. */
  readonly changesKeysMax?: number
}

/** A replica over any Keyv store. */
export interface KeyvSettings extends Partial<Omit<KeyvReplicaOptions, 'runtime'>> {
  readonly use: 'keyv'
  readonly store: KeyvStoreLike
}
