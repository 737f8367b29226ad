import { afterEach } from 'vitest'
import type { RedisReplicaOptions } from '../../../adapters/redis/redis-options.ts'
import { redisReplica } from '../../../adapters/redis/redis-replica.ts'
import type { RedisSource } from '../../../adapters/redis/redis-source.ts'
import type { Replica } from '../../../src/replica.ts'

/** Opens replicas for the tests of one file, and closes them after each. */
export function replicaOpener(usual: RedisSource) {
  const opened: Replica[] = []
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((replica) => replica.close()))
  })
  return (source: RedisSource = usual, options?: RedisReplicaOptions): Replica => {
    const replica = redisReplica(source, options)
    opened.push(replica)
    return replica
  }
}
