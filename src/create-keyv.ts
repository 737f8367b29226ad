import Keyv from 'keyv'
import type { ReplicaSource } from '../adapters/open.ts'
import type { QuorumOptions } from './config.ts'
import { KeyvQuorum } from './keyv-quorum.ts'
import { throwing, throwingOptions } from './throwing-keyv.ts'

export interface CreateKeyvOptions extends QuorumOptions {
  readonly namespace?: string
  /** The default time to live of values, in ms. */
  readonly ttl?: number
}

/**
 * A Keyv over a new {@link KeyvQuorum} that rejects whenever a quorum is lost.
 *
 * A Keyv of one's own does not: keyv 6 answers `undefined` or `false` as soon as anyone listens to its `error` event, and
 * the `get` of keyv 5 always does.
 *
 * @throws ConfigError
 */
export function createKeyv(sources: readonly ReplicaSource[], options: CreateKeyvOptions = {}): Keyv {
  const { namespace, ttl, ...quorumOptions } = options
  const store = new KeyvQuorum(sources, quorumOptions)
  const keyvOptions = {
    ...throwingOptions,
    ...(namespace !== undefined && { namespace }),
    ...(ttl !== undefined && { ttl }),
  }
  return throwing(new Keyv(store, keyvOptions))
}
