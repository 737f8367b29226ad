// Only compiled, never run: the types are there for CommonJS too.
import { type Guarantees, KeyvQuorum } from 'keyv-quorum'
import { memoryReplica } from 'keyv-quorum/memory'

const store: KeyvQuorum = new KeyvQuorum(['memory://', 'memory://', 'memory://'])
const guarantees: Guarantees = store.guarantees

export = { store, guarantees, memory: memoryReplica() }
