/** The thread that owns a database: answers one request after the other. Started by `sqlite-thread.ts`. */
import { parentPort, workerData } from 'node:worker_threads'
import { SqliteDatabase } from './sqlite-database.ts'
import type { ThreadData, ThreadRequest } from './sqlite-thread.ts'

const { path, table } = workerData as ThreadData
const database = new SqliteDatabase(path, table)

parentPort?.on('message', (request: ThreadRequest) => {
  if (request !== 'close') {
    parentPort?.postMessage(database.run(request.name, request.question, request.budgetMs))
    return
  }
  database.close()
  parentPort?.close()
})
