/** Stands in for the thread of a database: does what the first key of a request says. The second says which lineage the answer is of. */
import { parentPort } from 'node:worker_threads'
import type { ThreadRequest } from '../../../adapters/sqlite/sqlite-thread.ts'

export interface Hang {
  readonly command: 'hang'
  /** Shared with the test: the thread waits while its first element is 0, and so cannot be ended in any gentle way. */
  readonly released: Int32Array
}

parentPort?.on('message', (request: ThreadRequest) => {
  if (request === 'close') {
    parentPort?.close()
    return
  }
  const [command, lineage = 'lineage'] = request.question as readonly unknown[]
  if (command === 'crash') throw new Error('the thread crashed')
  if (isHang(command)) Atomics.wait(command.released, 0, 0)
  parentPort?.postMessage({ answer: [request.budgetMs, request.heldTo], lineage })
})

function isHang(command: unknown): command is Hang {
  return typeof command === 'object' && command !== null && 'released' in command
}
