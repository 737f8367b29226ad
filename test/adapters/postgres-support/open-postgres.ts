import { postgresReplica } from '../../../adapters/postgres/postgres-replica.ts'
import type { Replica } from '../../../src/replica.ts'

/** For the races of the conformance suite, each writer of which opens the replica in a process of its own. */
export function openReplica(uri: string): Replica {
  return postgresReplica(uri)
}
