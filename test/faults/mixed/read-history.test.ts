import { appendFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { type Invocation, OperationLog } from './operation-log.ts'
import { historiesOf, readOperations } from './read-history.ts'
import { RunClock } from './run-clock.ts'

const set: Invocation = { client: 'a', namespace: 'kept', kind: 'set', key: 'k', value: 'v', expiresAtMs: null }
const get: Invocation = { ...set, kind: 'get', value: null }

let file: string
let log: OperationLog
const clock = new RunClock()
beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'keyv-quorum-'))
  file = join(folder, 'operations')
  log = new OperationLog(file)
  onTestFinished(async () => {
    log.close()
    await rm(folder, { recursive: true })
  })
})

it('gives each operation its outcome and what it found', async () => {
  log.end(log.begin(set), 'ok', { value: null })
  log.end(log.begin(get), 'ok', { value: 'v' })
  log.end(log.begin({ ...set, kind: 'delete', value: null }), 'unknown', { why: 'no quorum' })
  expect(await readOperations([file], clock)).toMatchObject([
    { index: 0, kind: 'set', value: 'v', outcome: 'ok', why: '' },
    { index: 1, kind: 'get', value: 'v', outcome: 'ok', why: '' },
    { index: 2, kind: 'delete', value: null, outcome: 'unknown', why: 'no quorum' },
  ])
})

it('takes what a killed process had begun for open, also when its last line was cut short', async () => {
  const begun = log.begin(set)
  await appendFile(file, `{"ended":${begun},"atMs":1,"outc`)
  expect(await readOperations([file], clock)).toMatchObject([{ kind: 'set', outcome: 'unknown', returnedAt: null }])
})

it('puts the operations of several processes in one order, and keeps it when time leaps', async () => {
  const leaping = new RunClock()
  const other = new OperationLog(`${file} of another`)
  const early = log.begin(set)
  const late = other.begin({ ...get, client: 'b' })
  leaping.jump(60_000)
  log.end(early, 'ok', {})
  other.end(late, 'ok', { value: 'v' })
  other.close()
  const [first, second] = await readOperations([`${file} of another`, file], leaping)
  expect([first?.client, second?.client]).toEqual(['a', 'b'])
  expect((first?.returnedAt ?? 0) - (second?.invokedAt ?? 0)).toBeGreaterThanOrEqual(60_000)
})

it('makes one history of each namespace, without gets that got no answer', async () => {
  log.end(log.begin(set), 'ok', {})
  log.end(log.begin(get), 'failed', { why: 'no quorum' })
  log.begin({ ...get, namespace: 'cleared' })
  log.end(log.begin({ ...set, namespace: 'cleared' }), 'failed', { why: 'no quorum' })
  const histories = historiesOf(await readOperations([file], clock))
  expect(histories.get('kept')?.operations).toMatchObject([{ kind: 'set' }])
  expect(histories.get('cleared')?.operations).toMatchObject([{ kind: 'set', outcome: 'failed' }])
})
