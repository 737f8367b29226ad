/**
 * The events of the store, counted for Prometheus, while a replica goes down and comes back.
 *
 *   node examples/events-and-metrics.ts
 */
import { memoryReplica } from '../adapters/memory/memory-replica.ts' // in your project: from 'keyv-quorum/memory'
import { KeyvQuorum, type QuorumEvent } from '../src/index.ts' // in your project: from 'keyv-quorum'
import { switchableReplica } from './story/switchable-replica.ts'

const counts = new Map<string, number>()

/** One counter for each type of event and replica: few enough to keep for ever. Keys make no good labels. */
function count(event: QuorumEvent): void {
  const labels = 'replica' in event ? `type="${event.type}",replica="${event.replica}"` : `type="${event.type}"`
  counts.set(labels, (counts.get(labels) ?? 0) + 1)
}

const weak = switchableReplica(memoryReplica({ id: 'c' }))
// Without hints, so that it is the read below that mends the replica.
const store = new KeyvQuorum([memoryReplica({ id: 'a' }), memoryReplica({ id: 'b' }), weak], { hintsMax: 0 })

store.on('event', count)
// Worth waking somebody up for; everything else the store deals with by itself.
store.on('quorum-lost', ({ operation, acked, needed }) => {
  console.error(`${operation}: ${acked} of ${needed} answers`)
})

await store.set('ada', 'old')
weak.switchOff()
await store.set('ada', 'new')
weak.switchOn()
const mended = new Promise((resolve) => store.once('repair', resolve))
await store.get('ada')
await mended

console.log('# TYPE keyv_quorum_events_total counter')
for (const [labels, value] of counts) console.log(`keyv_quorum_events_total{${labels}} ${value}`)
console.log('# TYPE keyv_quorum_replica_up gauge')
for (const { id, condition } of store.replicas) {
  console.log(`keyv_quorum_replica_up{replica="${id}"} ${condition === 'up' ? 1 : 0}`)
}

await store.disconnect()
