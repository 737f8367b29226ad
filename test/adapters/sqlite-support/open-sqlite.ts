import { sqliteReplica } from '../../../adapters/sqlite/sqlite-replica.ts'
import type { Replica } from '../../../src/replica.ts'

/** How another process of the conformance suite opens the same file. */
export function openReplica(path: string): Replica {
  return sqliteReplica({ path })
}
