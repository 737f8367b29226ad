import * as vitest from 'vitest'
import { memoryReplica } from '../../adapters/memory/memory-replica.ts'
import type { Replica } from '../../src/replica.ts'
import { replicaConformance } from '../conformance/replica-conformance.ts'

// The data lives in the replica itself: the same one until the suite wipes it.
let replica: Replica = memoryReplica()

replicaConformance(vitest, {
  name: 'memory',
  guarantees: { putIfNewer: 'atomic', sharedBy: 'process', backend: 'memory' },
  open: () => replica,
  wipe: async () => {
    await replica.close()
    replica = memoryReplica()
  },
})
