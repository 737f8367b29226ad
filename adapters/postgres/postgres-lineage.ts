import { ReplicaError } from '../../src/errors.ts'
import { systemRuntime } from '../../src/runtime.ts'
import type { MarkScope } from './lineage-statements.ts'
import { standbyError } from './postgres-connection.ts'
import { sqlStateOf } from './postgres-errors.ts'
import type { Row } from './postgres-rows.ts'
import type { RunStatement } from './run-statement.ts'
import { ToldLineage } from './told-lineage.ts'

/** Missing functions, missing rights, functions that a service has taken out: what says less than PostgreSQL itself. */
const notOffered = new Set(['42883', '42501', '0A000'])

const attemptsMax = 3

/**
 * The id in the table's own row, which is lost with the data, and where the server tells them: its identifier, the
 * table's, and the timeline. Where there is no id, a new one is made.
 */
export async function readLineage(replica: string, run: RunStatement): Promise<ToldLineage> {
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const found = await findLineage(replica, run)
    if (found !== null) return found
    await run('beginLineage', [systemRuntime.random.hex(32)])
  }
  throw new ReplicaError('REJECTED', 'the row that holds the lineage does not stay', { replica })
}

/** Null where there is none. */
export async function findLineage(replica: string, run: RunStatement): Promise<ToldLineage | null> {
  let scope: MarkScope = 'server'
  const [row] = await run('lineage', []).catch((error: unknown) => {
    if (!notOffered.has(sqlStateOf(error) ?? '')) throw error
    scope = 'table'
    return run('lineageOfTable', [])
  })
  return row === undefined ? null : lineageOf(replica, scope, row)
}

/** Whether it is a standby, the mark, and the parts of the lineage. */
function lineageOf(replica: string, scope: MarkScope, [isStandby, mark, ...parts]: Row): ToldLineage {
  if (isStandby === 't') throw standbyError(replica)
  return new ToldLineage(parts.filter((part) => part !== null).join('-'), scope, mark ?? '')
}
