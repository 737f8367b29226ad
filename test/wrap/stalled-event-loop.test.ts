import { once } from 'node:events'
import { connect } from 'node:net'
import { Worker } from 'node:worker_threads'
import { afterEach, expect, test } from 'vitest'
import type { Replica } from '../../src/replica.ts'
import { systemRuntime } from '../../src/runtime.ts'
import { withDeadline } from '../../src/wrap/deadline.ts'
import { ScriptedReplica } from '../support/scripted-replica.ts'

/** A server in another thread: answers each request at once, and says so in shared memory. */
const serverSource = `
  const { createServer } = require('node:net')
  const { parentPort, workerData } = require('node:worker_threads')
  const answered = new Int32Array(workerData)
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', () => {
      socket.write('answer')
      Atomics.store(answered, 0, 1)
      Atomics.notify(answered, 0)
    })
  })
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))
`

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function scene() {
  const answered = new Int32Array(new SharedArrayBuffer(4))
  const server = new Worker(serverSource, { eval: true, workerData: answered.buffer })
  closing.push(() => server.terminate())
  const [port] = (await once(server, 'message')) as [number]
  const socket = connect(port, '127.0.0.1')
  closing.push(() => socket.destroy())
  await once(socket, 'connect')
  const scripted = new ScriptedReplica('A', systemRuntime.timers)
  const inner: Replica = Object.assign(Object.create(scripted), {
    id: 'A',
    lineage: async () => {
      socket.write('ask')
      const [data] = await once(socket, 'data')
      return String(data)
    },
  })
  return { answered, replica: withDeadline(inner, systemRuntime.timers) }
}

/** Nothing of this process runs meanwhile. */
function standStillMs(durationMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs)
}

test('an answer that came while this process stood still is no timeout', async () => {
  const { answered, replica } = await scene()
  const timeoutMs = 50
  const lineage = replica.lineage({ timeoutMs })
  Atomics.wait(answered, 0, 0)
  standStillMs(2 * timeoutMs)
  expect(await lineage).toBe('answer')
})

test('a wait that was called off when it was over does not end', async () => {
  const ended: string[] = []
  const cancel = systemRuntime.timers.after(0, () => ended.push('called off'))
  await new Promise<void>((resolve) => {
    setTimeout(() => {
      cancel()
      resolve()
    }, 1)
    standStillMs(5)
  })
  await new Promise<void>((resolve) => {
    systemRuntime.timers.after(0, resolve)
  })
  expect(ended).toEqual([])
})
