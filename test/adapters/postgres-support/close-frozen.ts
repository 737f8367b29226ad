/** Connects, waits until the server is frozen, closes with a call under way, and must come to its end. */
import { once } from 'node:events'
import { postgresReplica } from '../../../adapters/postgres/postgres-replica.ts'

const replica = postgresReplica(process.argv[2] ?? '')
await Promise.all(['a', 'b', 'c'].map((key) => replica.getMany([key], { timeoutMs: 20_000 })))
console.log('ready')
await once(process.stdin, 'data')
process.stdin.destroy()
// Far beyond the patience of the test: only the close may end it.
const call = replica.getMany(['a'], { timeoutMs: 600_000 }).catch(() => undefined)
await replica.close()
await call
