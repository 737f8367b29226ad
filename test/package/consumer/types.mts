// Only compiled, never run: what the types of the package promise to its users.
import Keyv from 'keyv'
import DefaultExport, { createKeyv, type KeyvQuorum, type QuorumOptions } from 'keyv-quorum'
import * as conformance from 'keyv-quorum/conformance'
import * as keyvReplica from 'keyv-quorum/keyv'
import * as memory from 'keyv-quorum/memory'
import * as postgres from 'keyv-quorum/postgres'
import * as redis from 'keyv-quorum/redis'
import {
  compareRecords,
  decodeRecord,
  encodeRecord,
  type HashRange,
  newValue,
  type Replica,
  ReplicaError,
  type VersionedRecord,
  wholeRange,
} from 'keyv-quorum/replica'
import * as sqlite from 'keyv-quorum/sqlite'

const options: QuorumOptions = { w: 2, r: 2, reads: 'monotonic' }
const store: KeyvQuorum = new DefaultExport(['memory://', 'memory://', 'memory://'], options)
const keyv: Keyv<string> = new Keyv<string>(store, { namespace: 'consumer', ttl: 60_000 })
const made: Keyv = createKeyv(['redis://127.0.0.1', new Map()], { allowStale: true })

// @ts-expect-error A misspelled option is refused.
const misspelled: QuorumOptions = { wirte: 2 }

const record: VersionedRecord = newValue('key', '0'.repeat(28), 'payload', null)
const read = decodeRecord('key', encodeRecord(record))
const order: number = read.kind === 'corrupt' ? 0 : compareRecords(record, read)
const replica: Replica = memory.memoryReplica()
const replicas: KeyvQuorum = new DefaultExport([replica])
const range: HashRange = wholeRange
// @ts-expect-error A code that no error has is refused.
const unknownCode = new ReplicaError('BROKEN', 'reason', { replica: 'id' })

export const port = [order, replicas, range, unknownCode]
export default [keyv, made, misspelled, conformance, keyvReplica, memory, postgres, redis, sqlite]
