import * as vitest from 'vitest'
import { memoryReplica } from '../../adapters/memory/memory-replica.ts'
import { lazyReplica } from '../../adapters/open/lazy-replica.ts'
import type { Replica } from '../../src/replica.ts'
import { replicaConformance } from '../conformance/replica-conformance.ts'

const { guarantees, limits } = memoryReplica()
const openLate = () => lazyReplica({ id: 'late', guarantees, limits }, async () => () => memoryReplica({ id: 'late' }))

let replica: Replica = openLate()

replicaConformance(vitest, {
  name: 'a replica that is loaded late',
  guarantees,
  open: () => replica,
  wipe: async () => {
    await replica.close()
    replica = openLate()
  },
})
