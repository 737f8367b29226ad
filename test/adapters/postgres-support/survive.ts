/** Has idle connections while its server is killed and started again; nothing here listens to any `error`. */
import { once } from 'node:events'
import { postgresReplica } from '../../../adapters/postgres/postgres-replica.ts'

const replica = postgresReplica(process.argv[2] ?? '')
await Promise.all(['a', 'b', 'c'].map((key) => replica.getMany([key], { timeoutMs: 20_000 })))
console.log('ready')
await once(process.stdin, 'data')
process.stdin.destroy()
await replica.getMany(['a'], { timeoutMs: 20_000 })
console.log('answered')
await replica.close()
