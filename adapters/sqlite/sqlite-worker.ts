/** The thread that owns a database: answers one request after the other. Started by `sqlite-thread.ts`. */
import { parentPort, workerData } from 'node:worker_threads'
import type { DatabaseData } from './sqlite-connection.ts'
import { SqliteDatabase } from './sqlite-database.ts'
import type { ThreadRequest } from './sqlite-thread.ts'

const database = new SqliteDatabase(workerData as DatabaseData)

parentPort?.on('message', (request: ThreadRequest) => {
  if (request !== 'close') {
    parentPort?.postMessage(database.run(request))
    return
  }
  database.close()
  parentPort?.close()
})
