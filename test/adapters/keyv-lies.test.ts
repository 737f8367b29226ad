import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, expect, it } from 'vitest'
import { openReplica } from './keyv-support/claim-atomic.ts'
import { failingCases } from './memory/failing-cases.ts'

const folder = mkdtempSync(join(tmpdir(), 'keyv-quorum-lies-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = join(folder, 'store.db')

it('the conformance suite catches a Keyv store that is stated to be atomic', async () => {
  const failing = await failingCases(
    {
      name: 'planted',
      guarantees: { putIfNewer: 'atomic', sharedBy: 'host', backend: 'keyv' },
      open: () => openReplica(file),
      wipe: async () => {
        using database = new DatabaseSync(file, { timeout: 30_000 })
        database.exec('DROP TABLE IF EXISTS keyv')
        database.exec("CREATE TABLE keyv (key, value, namespace DEFAULT '', expires, UNIQUE(key, namespace))")
      },
      otherProcess: { module: new URL('keyv-support/claim-atomic.ts', import.meta.url), argument: file },
    },
    'concurrent puts',
  )
  expect(failing).toEqual([
    'concurrent puts: of 8 connections are atomic, and reads never go back',
    'concurrent puts: of the same record by 8 connections store it once',
    'concurrent puts: of 8 processes are atomic',
  ])
})
