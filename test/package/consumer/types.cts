// Only compiled, never run: the types are there for CommonJS too.
import { type Guarantees, KeyvQuorum } from 'keyv-quorum'
import { memoryReplica } from 'keyv-quorum/memory'
import { type Replica, ReplicaError } from 'keyv-quorum/replica'

const store: KeyvQuorum = new KeyvQuorum(['memory://', 'memory://', 'memory://'])
const guarantees: Guarantees = store.guarantees

const memory: Replica = memoryReplica()

export = { store, guarantees, memory, ReplicaError }
