import { KeyvMemoryAdapter } from 'keyv'
import * as vitest from 'vitest'
import { keyvReplica } from '../../adapters/keyv/keyv-replica.ts'
import type { KeyvStoreLike } from '../../adapters/keyv/keyv-source.ts'
import { storedKey } from '../../adapters/keyv/stored-text.ts'
import { layout } from '../../src/core/record.ts'
import type { ConformanceSubject } from '../conformance/replica-conformance.ts'
import { replicaConformance } from '../conformance/replica-conformance.ts'

/** A subject whose data lies in a map of this process. */
function subjectOver<Stored>(
  name: string,
  map: Map<string, Stored>,
  store: KeyvStoreLike,
  alter: (stored: Stored, change: (text: string) => string) => Stored,
): ConformanceSubject {
  const corrupt = (change: (text: string) => string) => async (key: string) => {
    const stored = map.get(storedKey(key))
    vitest.assert(stored !== undefined)
    map.set(storedKey(key), alter(stored, change))
  }
  return {
    name,
    guarantees: { putIfNewer: 'racy', sharedBy: 'process', backend: 'keyv' },
    open: () => keyvReplica(store, { id: 'keyv' }),
    wipe: async () => map.clear(),
    loseData: async () => map.clear(),
    corruptPayload: corrupt((text) => `${text}x`),
    corruptHead: corrupt((text) => text.slice(0, 9)),
    // After the length, the key itself and the format mark.
    corruptVersion: (key) => corrupt((text) => `${start(text, key)}7${text.slice(start(text, key).length + 1)}`)(key),
  }
}

function start(text: string, key: string): string {
  return text.slice(0, text.indexOf(':') + 1 + key.length + layout.orderOffset)
}

const plain = new Map<string, string>()
replicaConformance(
  vitest,
  subjectOver('a Map', plain, plain, (text, change) => change(text)),
)

const wrapped = new Map<string, { value: string }>()
replicaConformance(
  vitest,
  subjectOver('the memory adapter of Keyv 6', wrapped, new KeyvMemoryAdapter(wrapped), (entry, change) => ({
    ...entry,
    value: change(entry.value),
  })),
)
