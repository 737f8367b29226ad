import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { SqliteThread } from '../../adapters/sqlite/sqlite-thread.ts'
import { systemRuntime } from '../../src/runtime.ts'
import { putsOf, userKey, valueAt } from '../conformance/samples.ts'
import { useScratch } from './sqlite-support/scratch.ts'

const scratch = useScratch()
const support = new URL('./sqlite-support/', import.meta.url)
const patientMs = 30_000
const key = userKey('a')
const threads: SqliteThread[] = []
const hangs: Int32Array[] = []
const children: ChildProcess[] = []

afterEach(async () => {
  for (const released of hangs.splice(0)) release(released)
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await Promise.all(threads.splice(0).map((thread) => thread.close()))
})

/** A thread whose program crashes and hangs on command. */
function faultyThread(): SqliteThread {
  const thread = new SqliteThread({
    id: 'faulty',
    data: { path: 'nowhere', table: 'none', changesMax: 0 },
    runtime: systemRuntime,
    program: new URL('faulty-worker.ts', support),
  })
  threads.push(thread)
  return thread
}

/** A question that keeps the thread busy until it is released. */
function hang(): { readonly question: readonly string[]; readonly released: Int32Array } {
  const released = new Int32Array(new SharedArrayBuffer(4))
  hangs.push(released)
  return { question: [{ command: 'hang', released }] as unknown as readonly string[], released }
}

function release(released: Int32Array): void {
  Atomics.store(released, 0, 1)
  Atomics.notify(released, 0)
}

describe('a thread that crashes', () => {
  it('fails a read as UNAVAILABLE, and the next call gets a new one', async () => {
    const thread = faultyThread()
    await expect(thread.run('getMany', ['crash'], patientMs)).rejects.toMatchObject({
      name: 'ReplicaError',
      code: 'UNAVAILABLE',
      message: expect.stringContaining('the thread crashed'),
      cause: expect.objectContaining({ message: 'the thread crashed' }),
    })
    await expect(thread.run('getMany', ['fine'], patientMs)).resolves.toHaveLength(2)
  })

  it('fails a write as TIMEOUT, because it may have been applied', async () => {
    const crash = ['crash'] as never
    await expect(faultyThread().run('putManyIfNewer', crash, patientMs)).rejects.toMatchObject({ code: 'TIMEOUT' })
    await expect(faultyThread().run('purgeMany', crash, patientMs)).rejects.toMatchObject({ code: 'TIMEOUT' })
  })

  it('takes along only the call that it was at', async () => {
    const thread = faultyThread()
    const calls = ['crash', 'fine', 'crash', 'fine'].map((command) => thread.run('getMany', [command], patientMs))
    const ends = await Promise.allSettled(calls)
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected', 'fulfilled'])
  })

  it('is UNAVAILABLE every time when its program is not there', async () => {
    const thread = new SqliteThread({
      id: 'lost',
      data: { path: 'nowhere', table: 'none', changesMax: 0 },
      runtime: systemRuntime,
      program: new URL('no-such-worker.ts', support),
    })
    for (const attempt of [1, 2]) {
      await expect(thread.run('getMany', [`${attempt}`], patientMs)).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        message: expect.stringContaining('no-such-worker'),
      })
    }
  })
})

describe('a thread that hangs', () => {
  it('fails the call that it is at as TIMEOUT, those that wait as UNAVAILABLE, and goes on when it can', async () => {
    const thread = faultyThread()
    const { question, released } = hang()
    const stuck = thread.run('getMany', question, 300)
    const waiting = thread.run('putManyIfNewer', ['never sent'] as never, 300)
    await expect(stuck).rejects.toMatchObject({ code: 'TIMEOUT' })
    await expect(waiting).rejects.toMatchObject({ code: 'UNAVAILABLE' })

    const patient = thread.run('getMany', ['fine'], patientMs)
    release(released)
    await expect(patient).resolves.toHaveLength(2)
  })

  it('gives what waited only the rest of its time', async () => {
    const thread = faultyThread()
    const { question, released } = hang()
    const stuck = thread.run('getMany', question, patientMs)
    const waiting = thread.run('getMany', ['fine'], patientMs)
    const later = new Promise((resolve) => setImmediate(resolve))
    await later
    release(released)
    const [[first], [second]] = (await Promise.all([stuck, waiting])) as unknown as [[number], [number]]
    expect(second).toBeLessThan(first)
  })

  it('lets no more than a bounded number of calls wait', async () => {
    const thread = faultyThread()
    const { question, released } = hang()
    const calls = [question, ...Array.from({ length: 300 }, () => ['fine'])].map((asked) =>
      thread.run('getMany', asked, patientMs),
    )
    const refused = await Promise.any(
      calls.map((call) =>
        call.then(
          () => Promise.reject(),
          (error) => error,
        ),
      ),
    )
    expect(refused).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('too many') })
    release(released)
    const ends = await Promise.allSettled(calls)
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(257)
  })

  it('holds up neither what waits nor later calls when it is closed', async () => {
    const thread = faultyThread()
    const { question, released } = hang()
    const stuck = thread.run('getMany', question, patientMs)
    const waiting = thread.run('getMany', ['fine'], patientMs)
    const closing = thread.close()
    await expect(waiting).rejects.toMatchObject({ code: 'CLOSED' })
    await expect(thread.run('getMany', ['fine'], patientMs)).rejects.toMatchObject({ code: 'CLOSED' })
    release(released)
    await expect(stuck).resolves.toHaveLength(2)
    await closing
  })
})

describe('the lineage that was told', () => {
  async function heldTo(thread: SqliteThread): Promise<unknown> {
    const [, lineage] = (await thread.run('getMany', ['fine'], patientMs)) as readonly unknown[]
    return lineage
  }

  const ask = (thread: SqliteThread, question: readonly unknown[], timeoutMs = patientMs) =>
    thread.run('lineage', question as never, timeoutMs)

  it('is what later calls are held to, also when the thread crashed meanwhile', async () => {
    const thread = faultyThread()
    await ask(thread, ['fine', 'told'])
    expect(await heldTo(thread)).toBe('told')
    await thread.run('getMany', ['crash'], patientMs).catch(() => {})
    expect(await heldTo(thread)).toBe('told')
  })

  it('is that of the first answer until somebody asks', async () => {
    const thread = faultyThread()
    expect(await heldTo(thread)).toBe(null)
    expect(await heldTo(thread)).toBe('lineage')
    await ask(thread, ['fine', 'told'])
    expect(await heldTo(thread)).toBe('told')
  })

  it('is not changed by an answer that came too late for who asked', async () => {
    const thread = faultyThread()
    await ask(thread, ['fine', 'told'])
    const { question, released } = hang()
    await expect(ask(thread, [...question, 'too late'], 100)).rejects.toMatchObject({ code: 'TIMEOUT' })
    release(released)
    // The first of these was made before the answer came.
    for (const _call of [1, 2]) expect(await heldTo(thread)).toBe('told')
  })

  it('binds a call by when it was made, not by when it has its turn', async () => {
    const thread = faultyThread()
    await ask(thread, ['fine', 'told'])
    const [, earlier] = await Promise.all([ask(thread, ['fine', 'another']), heldTo(thread)])
    expect(earlier).toBe('told')
    expect(await heldTo(thread)).toBe('another')
  })
})

describe('the process', () => {
  it('waits for a call that is pending, and for nothing else', async () => {
    const path = scratch.newPath()
    await scratch.open(path).lineage({ timeoutMs: patientMs })
    using other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    const child = spawn(process.execPath, [fileURLToPath(new URL('idle-process.ts', support)), path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.push(child)
    const exit = once(child, 'exit')
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (said === 'asked\n') other.exec('COMMIT')
    })
    expect(await exit).toEqual([0, null])
    expect(said).toBe('asked\nstored\n')
    expect(await scratch.open(path).getMany([key], { timeoutMs: patientMs })).toEqual([valueAt(1, key)])
  })

  it('finishes what was sent before a close', async () => {
    const path = scratch.newPath()
    const replica = scratch.open(path)
    const putting = replica.putManyIfNewer(putsOf(valueAt(1, key)), { timeoutMs: patientMs })
    await replica.close()
    expect(await putting).toMatchObject([{ status: 'stored' }])
    expect(await scratch.open(path).getMany([key], { timeoutMs: patientMs })).toEqual([valueAt(1, key)])
  })
})
