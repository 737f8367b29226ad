import * as vitest from 'vitest'
import { systemRuntime } from '../../src/runtime.ts'
import { replicaConformance } from '../conformance/replica-conformance.ts'
import { ScriptedReplica } from './scripted-replica.ts'
import { ScriptedStore } from './scripted-store.ts'

// What the coordinator is tested with must keep the contract as well, or its tests would prove nothing.
let store = new ScriptedStore('0')
let wipes = 0

replicaConformance(vitest, {
  name: 'the scripted replica',
  guarantees: { putIfNewer: 'atomic', sharedBy: 'process', backend: 'scripted' },
  open: () =>
    new ScriptedReplica('A', systemRuntime.timers, {
      store,
      guarantees: { putIfNewer: 'atomic', sharedBy: 'process', backend: 'scripted' },
    }),
  wipe: async () => {
    store.lose()
    store = new ScriptedStore(String(++wipes))
  },
  loseData: async () => store.lose(),
  corruptPayload: async (key) => store.damage(key, 'payload'),
  corruptHead: async (key) => store.damage(key, 'head'),
})
