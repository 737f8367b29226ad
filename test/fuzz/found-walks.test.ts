import { expect, test } from 'vitest'
import type { PostgresDatabase } from '../../adapters/postgres/postgres-database.ts'
import { scanPages } from '../../adapters/postgres/postgres-scan.ts'
import { wholeRange } from '../../src/core/hash.ts'
import { importFrom } from '../../src/import/import-from.ts'
import type { ImportTarget } from '../../src/import/import-target.ts'
import { openStore, scriptedReplicas } from '../support/open-store.ts'
import { SimulatedTime } from '../support/simulated-time.ts'
import { EndlessReplica } from './endless/endless-replica.ts'

/** What walks without an end, or with a long way to the next key, have found. */

/** Rows of others, each the last of those that were looked at for a page. */
function databaseOfOthers(pages: number): PostgresDatabase {
  let given = 0
  const rowOf = (page: number) => [String(page), `other:${page}`, '', '', '', '', '', '2000']
  const run = async () => (given++ < pages ? [rowOf(given)] : [])
  const database = {
    replica: 'fake',
    call: (_timeoutMs: number, work: (run: unknown) => Promise<unknown>) => work(run),
  }
  return database as unknown as PostgresDatabase
}

test('a scan of PostgreSQL comes back from rows of others, so that the way to the next key is no step that is late', async () => {
  const options = { pageTimeoutMs: 1_000, pageKeysMax: 1_000, keyPrefix: 'mine:' }
  const pages: unknown[] = []
  for await (const page of scanPages(databaseOfOthers(5), null, wholeRange, options)) pages.push(page)
  expect(pages).toEqual([[], [], [], [], [], []])
})

test('an import that is aborted while its source hangs leaves no timer that keeps the process alive', async () => {
  const time = new SimulatedTime()
  const abort = new AbortController()
  const target: ImportTarget = { withNamespace: () => expect.fail(), putImported: () => expect.fail() }
  async function* pages(): AsyncGenerator<never> {
    await new Promise(() => undefined)
  }
  const silent = { ...target, withNamespace: () => ({ explain: async () => ({ winner: null }) }) }
  const imported = importFrom({ pages }, silent, { runtime: time.runtime(), signal: abort.signal })
  abort.abort(new Error('enough'))
  await expect(imported).rejects.toThrow('enough')
  expect(time.timersPending).toBe(0)
})

test('a log that tells its end again and again does not keep a sweep from beginning', async () => {
  const time = new SimulatedTime(Date.UTC(2026, 0))
  const { engine, endless } = storeOver(time)
  endless.be({ walk: 'position', gives: 'nothing', stepMs: 10, isPolite: false })
  const swept = engine.sweep()
  await time.advance(1_000)
  expect(await swept).toMatchObject({ isComplete: true })
})

test('a log that names new keys for ever makes a sweep of changes ask for a full one', async () => {
  const time = new SimulatedTime(Date.UTC(2026, 0))
  const { engine, endless } = storeOver(time)
  await engine.sweep()
  endless.be({ walk: 'changes', gives: 'ever new', perStep: 20_000, stepMs: 10, isPolite: false })
  const swept = engine.sweep({ kind: 'incremental', keysPerSecond: Number.POSITIVE_INFINITY })
  await time.advance(1_000)
  expect(await swept).toMatchObject({ isComplete: false })
})

/** Three replicas, the first of which can be made to go on for ever. */
function storeOver(time: SimulatedTime) {
  const [first, ...others] = scriptedReplicas(time, 3)
  if (first === undefined) throw new RangeError('there is no replica')
  const endless = new EndlessReplica(first, time.timers)
  return { endless, ...openStore(time.runtime(), [endless, ...others], { sweepEveryMs: 0 }) }
}
