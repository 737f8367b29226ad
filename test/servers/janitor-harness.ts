// Run by janitor.test.ts, which kills it: starts servers, freezes one, and says where they are.
import { dirname } from 'node:path'
import { startPostgres } from './postgres.ts'
import { startRedis } from './redis.ts'
import { openWorkspace } from './workspace.ts'

const redis = await startRedis({ controllable: true })
const postgres = await startPostgres({ controllable: true })
postgres.freeze()
const folder = dirname(openWorkspace().newFolder('probe'))
console.log(JSON.stringify({ redisUrl: redis.url, postgresUrl: postgres.url, folder }))
setInterval(() => undefined, 60_000)
