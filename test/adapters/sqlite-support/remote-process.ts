/** A process of its own with a replica that does what it is told by messages; started by `remote-replica.ts`. */
import { sqliteReplica } from '../../../adapters/sqlite/sqlite-replica.ts'
import { ReplicaError } from '../../../src/errors.ts'
import type { RemoteReply, RemoteRequest } from './remote-replica.ts'

const nobody = 65_534

// The harness holds the other end: when it is gone, so is this process.
process.once('disconnect', () => process.exit(1))

const [path = '', isUnprivileged] = process.argv.slice(2)
if (isUnprivileged === 'unprivileged' && process.getuid?.() === 0) process.setuid?.(nobody)
const replica = sqliteReplica({ path })

process.on('message', async ({ call, argument, timeoutMs }: RemoteRequest) => {
  process.send?.(await answerTo(call, argument, timeoutMs))
})
process.send?.('ready')

async function answerTo(call: RemoteRequest['call'], argument: unknown, timeoutMs: number): Promise<RemoteReply> {
  const perform = replica[call] as (argument: unknown, options: { timeoutMs: number }) => Promise<unknown>
  try {
    return { answer: await perform(argument, { timeoutMs }) }
  } catch (error) {
    if (error instanceof ReplicaError) return { code: error.code, message: error.message }
    return { code: 'NOT_A_REPLICA_ERROR', message: String(error) }
  }
}
