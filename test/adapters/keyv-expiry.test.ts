import { setImmediate } from 'node:timers/promises'
import KeyvSqlite from '@keyv/sqlite'
import { expect, it } from 'vitest'
import { keyvReplica } from '../../adapters/keyv/keyv-replica.ts'
import { numberedKeys, putsOf, tombstoneAt, valueAt } from '../conformance/samples.ts'

const options = { timeoutMs: 30_000 }

it('a store that deletes what it finds expired never deletes what is written meanwhile', async () => {
  const store = new KeyvSqlite({ uri: 'sqlite://:memory:', driver: 'node:sqlite' })
  const query = store.query
  // As slow as a delete over a network, so that there is time for a write between the read and the delete.
  store.query = async (statement, ...parameters) => {
    if (statement.startsWith('DELETE')) await setImmediate()
    return query(statement, ...parameters)
  }
  const replica = keyvReplica(store, { id: 'keyv', sharedBy: 'process', expiryMarginMs: 0 })
  const keys = numberedKeys(100)
  for (const key of keys) {
    // Expired for the store from the start, so that every read of it turns into a delete.
    await replica.putManyIfNewer(putsOf({ ...tombstoneAt(1, key), retainUntilMs: 1 }), options)
    const put = replica.putManyIfNewer(putsOf(valueAt(2, key)), options)
    const reads = []
    for (let late = 0; late < 12; late += 1) {
      await Promise.resolve()
      reads.push(replica.getMany([key], options))
    }
    await Promise.all([put, ...reads])
  }
  expect(await replica.getMany(keys, options)).toEqual(keys.map((key) => valueAt(2, key)))
  await replica.close()
})
