import KeyvSqlite from '@keyv/sqlite'
import { keyvReplica } from '../../../adapters/keyv/keyv-replica.ts'
import type { Replica } from '../../../src/replica.ts'

/** A lie for the conformance suite to catch, here and in other processes: read, compare and write, stated as atomic. */
export function openReplica(file: string): Replica {
  const store = new KeyvSqlite({ uri: `sqlite://${file}`, driver: 'node:sqlite', busyTimeout: 30_000, wal: true })
  // Nothing here has to outlive a loss of power, and 40,000 flushes take half a minute.
  store.query('PRAGMA synchronous = OFF').catch(() => undefined)
  const replica = keyvReplica(store, { id: 'keyv', sharedBy: 'host' })
  return Object.defineProperty(replica, 'guarantees', { value: { ...replica.guarantees, putIfNewer: 'atomic' } })
}
