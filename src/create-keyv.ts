import Keyv from 'keyv'
import type { ReplicaSource } from '../adapters/open.ts'
import type { QuorumOptions } from './config.ts'
import { QuorumError } from './errors.ts'
import { KeyvQuorum } from './keyv-quorum.ts'

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
  // `throwOnErrors` is keyv 5's own switch; keyv 6 leaves it unread.
  const keyvOptions = {
    throwOnErrors: true,
    ...(namespace !== undefined && { namespace }),
    ...(ttl !== undefined && { ttl }),
  }
  return throwing(new Keyv(store, keyvOptions))
}

/** Keyv hands every failure of its store to its own `emit`, inside the call that failed: that is where it can be thrown. */
function throwing(keyv: Keyv): Keyv {
  const emit = keyv.emit.bind(keyv) as (event: string, ...values: unknown[]) => boolean
  const emitAndThrow = (event: string, ...values: unknown[]): boolean => {
    const [error] = values
    if (event !== 'error' || !(error instanceof QuorumError)) return emit(event, ...values)
    try {
      emit(event, error)
    } catch {
      // Without listeners Keyv throws by itself; it comes to the same.
    }
    throw error
  }
  return Object.assign(keyv, { emit: emitAndThrow })
}
