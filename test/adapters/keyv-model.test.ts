import fc from 'fast-check'
import { expect, it } from 'vitest'
import { keyvReplica } from '../../adapters/keyv/keyv-replica.ts'
import { memoryReplica } from '../../adapters/memory/memory-replica.ts'
import { newTombstone, newValue, type VersionedRecord } from '../../src/core/record.ts'
import { headOf, putsOf, versionAt } from '../conformance/samples.ts'

const options = { timeoutMs: 30_000 }
const keys = [':a', ':b', 'c:C']

const anyRecord: fc.Arbitrary<VersionedRecord> = fc
  .record({
    key: fc.constantFrom(...keys),
    step: fc.integer({ min: 1, max: 4 }),
    payload: fc.constantFrom('', 'a', 'b', '\uffff', '\u{10000}'),
    isTombstone: fc.boolean(),
    retainUntilMs: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ key, step, payload, isTombstone, retainUntilMs }) => {
    const version = versionAt(step)
    const record = isTombstone ? newTombstone(key, version, 1) : newValue(key, version, payload, null)
    return { ...record, retainUntilMs }
  })

const anyStep = fc.oneof(
  { weight: 4, arbitrary: fc.record({ put: fc.uniqueArray(anyRecord, { selector: ({ key }) => key }) }) },
  { weight: 1, arbitrary: fc.record({ purge: fc.uniqueArray(anyRecord, { selector: ({ key }) => key }) }) },
)

it('a Keyv store answers any puts and purges as memory does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { maxLength: 30 }), async (steps) => {
      const memory = memoryReplica()
      const keyv = keyvReplica(new Map<string, string>(), { id: 'keyv' })
      for (const step of steps) {
        if ('put' in step) {
          const entries = putsOf(...step.put)
          expect(await keyv.putManyIfNewer(entries, options)).toEqual(await memory.putManyIfNewer(entries, options))
        } else {
          const heads = step.purge.map(headOf)
          expect(await keyv.purgeMany(heads, options)).toEqual(await memory.purgeMany(heads, options))
        }
        expect(await keyv.getMany(keys, options)).toEqual(await memory.getMany(keys, options))
        expect(await keyv.getVersions(keys, options)).toEqual(await memory.getVersions(keys, options))
      }
    }),
  )
})
