/** Uses a replica, never closes it, and must come to its end all the same. */
import { postgresReplica } from '../../../adapters/postgres/postgres-replica.ts'

const replica = postgresReplica(process.argv[2] ?? '')
await Promise.all(['a', 'b', 'c'].map((key) => replica.getMany([key], { timeoutMs: 20_000 })))
console.log('answered')
