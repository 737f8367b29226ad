import { redisReplica } from '../../../adapters/redis/redis-replica.ts'
import type { Replica } from '../../../src/replica.ts'

/** Opened by other processes, too: see `OtherProcess`. */
export function openReplica(uri: string): Replica {
  return redisReplica(uri)
}
