import { ReplicaError } from '../../src/errors.ts'
import { systemRuntime } from '../../src/runtime.ts'
import { standbyError } from './postgres-connection.ts'
import type { PostgresDatabase, RunStatement } from './postgres-database.ts'
import { sqlStateOf } from './postgres-errors.ts'
import type { Row } from './postgres-rows.ts'

/** Missing functions, missing rights, functions that a service has taken out: what says less than PostgreSQL itself. */
const notOffered = new Set(['42883', '42501', '0A000'])

const attemptsMax = 3

/**
 * The id in the table's own row, which is lost with the data, and where the server tells them: its identifier, the
 * table's, and the timeline.
 */
export async function readLineage({ replica, statements }: PostgresDatabase, run: RunStatement): Promise<string> {
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const [row] = await run(statements.lineage, []).catch((error: unknown) => {
      if (notOffered.has(sqlStateOf(error) ?? '')) return run(statements.lineageOfTable, [])
      throw error
    })
    if (row !== undefined) return lineageOf(replica, row)
    await run(statements.beginLineage, [systemRuntime.random.hex(32)])
  }
  throw new ReplicaError('REJECTED', 'the row that holds the lineage does not stay', { replica })
}

/** Id, table, whether it is a standby, and the rest. */
function lineageOf(replica: string, [id, table, isStandby, ...cluster]: Row): string {
  if (isStandby === 't') throw standbyError(replica)
  return [id, table, ...cluster.filter((part) => part !== null)].join('-')
}
