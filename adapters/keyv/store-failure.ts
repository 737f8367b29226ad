import { ReplicaError } from '../../src/errors.ts'

/** What the store had been asked to do when it failed: only after a write may anything have changed. */
export type StorePhase = 'read' | 'write'

const connectionTrouble =
  /connect|socket|closed|terminat|offline|unreachable|time[ds]? ?out|ECONN|EPIPE|ENOTFOUND|EAI_AGAIN|EHOST|ENET/i

/**
 * Makes a `ReplicaError` of whatever a store throws or emits. Stores have no common errors, so trouble with the
 * connection is told by its words. Then a read says `UNAVAILABLE`; a write, which may have arrived, says `TIMEOUT`.
 */
export function storeFailure(replica: string, error: unknown, phase: StorePhase): ReplicaError {
  if (error instanceof ReplicaError) return error
  const fields = { replica, cause: error }
  if (!isConnectionTrouble(error)) return new ReplicaError('REJECTED', `the store failed: ${messageOf(error)}`, fields)
  return phase === 'read'
    ? new ReplicaError('UNAVAILABLE', `the store cannot be reached: ${messageOf(error)}`, fields)
    : new ReplicaError('TIMEOUT', `the store was lost during a write: ${messageOf(error)}`, fields)
}

function isConnectionTrouble(error: unknown, depth = 0): boolean {
  if (!(error instanceof Error)) return connectionTrouble.test(String(error))
  const code = 'code' in error ? error.code : ''
  if (connectionTrouble.test(`${error.name} ${code} ${error.message}`)) return true
  return depth < 4 && error.cause !== undefined && isConnectionTrouble(error.cause, depth + 1)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error)
}
