/** Puts one record and does not wait for it, nor closes anything: what keeps this process alive, and until when? */
import { sqliteReplica } from '../../../adapters/sqlite/sqlite-replica.ts'
import { putsOf, userKey, valueAt } from '../../conformance/samples.ts'

const [path = ''] = process.argv.slice(2)
const replica = sqliteReplica({ path })
await replica.getMany([], { timeoutMs: 30_000 })
replica.putManyIfNewer(putsOf(valueAt(1, userKey('a'))), { timeoutMs: 30_000 }).then(([outcome]) => {
  console.log(outcome?.status)
})
console.log('asked')
