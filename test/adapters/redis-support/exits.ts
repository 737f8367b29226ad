// Run by redis-failures.test.ts: `node exits.ts <uri> <call>`. Must end by itself once its replica is closed.
import { redisReplica } from '../../../adapters/redis/redis-replica.ts'

const [uri = '', call] = process.argv.slice(2)
const replica = redisReplica(uri)
const answer = replica.getMany([':key'], { timeoutMs: 2_000 })
if (call === 'answered') await answer
if (call === 'rejected') await answer.catch(() => undefined)
answer.catch(() => undefined)
await replica.close()
