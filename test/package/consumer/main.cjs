// What a user of the package does, from CommonJS. Ends with `done`; a failed assertion ends it with an error.
const assert = require('node:assert/strict')
const { KeyvQuorum, default: defaultExport, ReplicaError } = require('keyv-quorum')
const kit = require('keyv-quorum/replica')
const manifest = require('keyv-quorum/package.json')

assert.equal(typeof KeyvQuorum, 'function')
assert.equal(defaultExport, KeyvQuorum)
assert.equal(kit.ReplicaError, ReplicaError)
for (const subpath of Object.keys(manifest.exports)) {
  assert.ok(Object.keys(require(`keyv-quorum${subpath.slice(1)}`)).length > 0, `${subpath} exports nothing`)
}

async function main() {
  const { default: Keyv } = await import('keyv')
  const keyv = new Keyv(new KeyvQuorum(['memory://', 'memory://', 'memory://']))
  assert.equal(await keyv.set('key', 'value'), true)
  assert.equal(await keyv.get('key'), 'value')
  await keyv.disconnect()
  console.log('done')
}

main()
