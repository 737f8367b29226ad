// What a user of the package does, as an ES module. Ends with `done`; a failed assertion ends it with an error.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import Keyv from 'keyv'
import DefaultExport, { createKeyv, KeyvQuorum, ReplicaError } from 'keyv-quorum'
import * as kit from 'keyv-quorum/replica'

// A machine that runs other tests too takes its time to start a thread.
const patience = { deadlineMs: 30_000, callTimeoutMs: 30_000 }

assert.equal(DefaultExport, KeyvQuorum)
// An adapter's errors are the store's own, and its records are read as they were written.
assert.equal(kit.ReplicaError, ReplicaError)
const record = kit.newValue('key', '0'.repeat(28), 'payload', null)
assert.deepEqual(kit.decodeRecord('key', kit.encodeRecord(record)), record)

// Every subpath loads, although no driver is installed.
const manifest = JSON.parse(readFileSync(new URL(import.meta.resolve('keyv-quorum/package.json')), 'utf8'))
const subpaths = Object.keys(manifest.exports).filter((subpath) => subpath !== './package.json')
assert.ok(subpaths.length > 1)
for (const subpath of subpaths) {
  const names = Object.keys(await import(`keyv-quorum${subpath.slice(1)}`))
  assert.ok(names.length > 0, `${subpath} exports nothing`)
}

await roundTrip(['memory://', 'memory://', 'memory://'])
await roundTrip(['sqlite://one.db', 'sqlite://two.db', 'sqlite://three.db'])

const keyv = createKeyv(['memory://'])
await keyv.set('key', 'value')
assert.equal(await keyv.get('key'), 'value')
await keyv.disconnect()

console.log('done')

async function roundTrip(replicas) {
  const store = new KeyvQuorum(replicas, { singleProcess: true, ...patience })
  const keyv = new Keyv(store, { namespace: 'consumer' })
  assert.equal(await keyv.set('key', { nested: [1, 'two'] }), true)
  assert.deepEqual(await keyv.get('key'), { nested: [1, 'two'] })
  assert.equal(await keyv.get('absent'), undefined)
  assert.equal(await keyv.delete('key'), true)
  assert.equal(await keyv.get('key'), undefined)
  await keyv.disconnect()
}
