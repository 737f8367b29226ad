import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import * as vitest from 'vitest'
import { sqliteReplica } from '../../adapters/sqlite/sqlite-replica.ts'
import { sqliteGuarantees } from '../../adapters/sqlite/sqlite-source.ts'
import type { Replica } from '../../src/replica.ts'
import { replicaConformance } from '../conformance/replica-conformance.ts'

const folder = mkdtempSync(join(tmpdir(), 'keyv-quorum-sqlite-'))
vitest.afterAll(() => rmSync(folder, { recursive: true }))

const path = join(folder, 'conformance.db')
const support = new URL('./sqlite-support/', import.meta.url)

replicaConformance(vitest, {
  name: 'sqlite file',
  guarantees: sqliteGuarantees(path),
  open: () => sqliteReplica({ path }),
  wipe: async () => {
    for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true })
  },
  loseData: async () => {
    using database = new DatabaseSync(path, { timeout: 10_000 })
    database.exec('DELETE FROM keyv_quorum')
  },
  otherProcess: { module: new URL('open-sqlite.ts', support), argument: path },
  corruptPayload: async (key) => alter('payload', "payload || 'x'", key),
  corruptHead: async (key) => alter('version', "'no version'", key),
  corruptVersion: async (key) => alter('version', "'7' || substr(version, 2)", key),
})

let inMemory: Replica = sqliteReplica('sqlite://:memory:')

replicaConformance(vitest, {
  name: 'sqlite in memory',
  guarantees: sqliteGuarantees(':memory:'),
  open: () => inMemory,
  wipe: async () => {
    await inMemory.close()
    inMemory = sqliteReplica('sqlite://:memory:')
  },
})

function alter(column: string, expression: string, key: string): void {
  using database = new DatabaseSync(path, { timeout: 10_000 })
  database.prepare(`UPDATE keyv_quorum SET ${column} = ${expression} WHERE key = ?`).run(key)
}
