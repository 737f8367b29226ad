/**
 * A store from a configuration file, and what it guarantees.
 *
 *   node examples/cluster-config.ts
 *   REPLICA_A=redis://cache-1 REPLICA_B=redis://cache-2 REPLICA_C=postgres://db/app node examples/cluster-config.ts
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Keyv from 'keyv'
import { KeyvQuorum, loadConfig } from '../src/index.ts' // in your project: from 'keyv-quorum'

const folder = await mkdtemp(join(tmpdir(), 'keyv-quorum-config-'))
const file = fileURLToPath(new URL('./cluster-config.yaml', import.meta.url))
const { replicas, ...options } = await loadConfig(file, {
  REPLICA_A: `sqlite://${join(folder, 'a.db')}`,
  REPLICA_B: `sqlite://${join(folder, 'b.db')}`,
  REPLICA_C: `sqlite://${join(folder, 'c.db')}`,
  ...process.env,
})

const store = new KeyvQuorum(replicas, options)
// A Keyv sets the namespace of its store: two that share one get a view each.
const users = new Keyv(store.withNamespace('users'))
const flags = new Keyv(store.withNamespace('flags'))

try {
  await users.set('ada', { language: 'en' }, 60_000)
  await flags.set('ada', 'new-checkout', 60_000)
  console.log('users', await users.get('ada'))
  console.log('flags', await flags.get('ada'))
  for (const { id, condition, guarantees } of store.replicas) console.log(id, condition, guarantees.putIfNewer)
  console.log(`\n${store.guarantees}`)
} finally {
  await store.disconnect()
  await rm(folder, { recursive: true })
}
